using './batch.bicep'

param location = 'swedencentral'
param tags = {}
param accountName = 'vision824a64b0'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'visionst824a64b0'
param network = {
  name: 'vision-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'vision-nsg'
  natGateway: 'vision-nat'
  natAddress: 'vision-nat-ip'
}
param identityName = 'vision-pull'
param registryServer = 'visionacr824a64b0.azurecr.io'
param image = {
  gallery: 'vision_gallery'
  definition: 'vision-ubuntu-24.04'
  version: '1.0.0'
}
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  dev: {
    id: 'dev'
    vmSize: 'Standard_NC4as_T4_v3'
    dedicatedNodes: 1
    taskSlotsPerNode: 1
    containerImageNames: [
      'visionacr824a64b0.azurecr.io/batch-gpu-pytorch:2.4.1'
    ]
  }
}
