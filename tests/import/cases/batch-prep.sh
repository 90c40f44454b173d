#!/bin/bash
# --- configuration ---
RESOURCE_GROUP="vision-batch"
LOCATION="${LOCATION:-westeurope}"
CREATE_ACR=true   # create it
ACR_NAME="batchacr$RANDOM"
export BUILD_DOCKER_IMAGE=true
PRELOAD_IMAGES="true"
DOCKER_IMAGE_NAME=batch-gpu-pytorch
DOCKER_IMAGE_TAG='2.4.1'
ENABLE_GPU=true
BASE_OS="almalinux"
OS_VERSION="22.04"
GPU_VM_SIZE="Standard_NC8as_T4_v3"
GALLERY_NAME="vision_gallery"
BATCH_POOL_ID="dev"
HYPERV_GENERATION="V1"
# --- work ---
az vm create --public-ip-address "" --size "$GPU_VM_SIZE"
az vm extension set --name NvidiaGpuDriverLinux --publisher Microsoft.HpcCompute
dnf install -y docker
az vm deallocate && az vm generalize
az image create --source builder
GPU_VM_SIZE="Standard_NC6"
az batch pool create --json-file pool.json
echo '{"startTask": {"commandLine": "nvidia-smi || echo No GPU"}}'
