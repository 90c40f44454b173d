using './batch.bicep'

param location = 'swedencentral'
param tags = {}
param accountName = 'pretrain564005bc'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'pretrainst564005bc'
param network = {
  name: 'pretrain-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'pretrain-nsg'
  natGateway: 'pretrain-nat'
  natAddress: 'pretrain-nat-ip'
}
param identityName = 'pretrain-pull'
param registryServer = 'pretrainacr564005bc.azurecr.io'
param image = {
  gallery: 'pretrain_gallery'
  definition: 'pretrain-ubuntu-hpc-24.04'
  version: '1.0.0'
}
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  h100: {
    id: 'h100-44efce15'
    vmSize: 'Standard_ND96isr_H100_v5'
    dedicatedNodes: 4
    resizeTimeout: 'PT45M'
    taskSlotsPerNode: 1
    containerImageNames: [
      'pretrainacr564005bc.azurecr.io/pretrain:24.11'
    ]
    startTaskCommandLine: '/bin/bash -c \'ibv_devinfo --list && nvidia-smi --query-gpu=name --format=csv\''
    metadata: [
      {
        name: 'prebake-pool'
        value: 'h100'
      }
    ]
  }
}
