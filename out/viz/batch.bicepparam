using './batch.bicep'

param location = 'westeurope'
param tags = {}
param accountName = 'viz21851816'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'vizst21851816'
param network = {
  name: 'viz-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'viz-nsg'
  natGateway: 'viz-nat'
  natAddress: 'viz-nat-ip'
}
param image = {
  gallery: 'central_images'
  definition: 'viz-ubuntu-24.04'
  version: '1.0.0'
}
param galleryResourceGroup = 'platform-images-rg'
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  viz: {
    id: 'viz-2e61b82e'
    vmSize: 'Standard_NV18ads_A10_v5'
    autoScaleFormula: '$TargetDedicatedNodes = min(4, $PendingTasks.GetSample(1));'
    autoScaleInterval: 'PT15M'
    taskSlotsPerNode: 1
    containerImageNames: [
      'nvcr.io/nvidia/cuda:12.6.3-runtime-ubuntu24.04'
    ]
    startTaskCommandLine: '/bin/bash -c \'nvidia-smi\''
    metadata: [
      {
        name: 'prebake-pool'
        value: 'viz'
      }
    ]
  }
}
