#!/bin/bash
VM_SIZE="Standard_NC8as_T4_v3"
LOCATION="westeurope"
BATCH_POOL_ID="first"
VM_NAME="bake"
az vm create --name "$VM_NAME" --image Canonical:0001-com-ubuntu-server-jammy:22_04-lts:latest --size "$VM_SIZE"
az image create --name img1 --source "$VM_NAME" --os-type Linux
az batch pool create --id "$BATCH_POOL_ID" --vm-size "$VM_SIZE" --node-agent-sku-id "batch.node.ubuntu 22.04"
