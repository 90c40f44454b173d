using './batch.bicep'

param location = 'northeurope'
param tags = {}
param accountName = 'transcode53b1ded7'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'transcodest53b1ded7'
param network = {
  name: 'transcode-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'transcode-nsg'
  natGateway: 'transcode-nat'
  natAddress: 'transcode-nat-ip'
}
param identityName = 'transcode-pull'
param registryServer = 'transcodeacr53b1ded7.azurecr.io'
param image = {
  gallery: 'transcode_gallery'
  definition: 'transcode-ubuntu-24.04'
  version: '1.0.0'
}
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  transcode: {
    id: 'transcode'
    vmSize: 'Standard_D8ds_v5'
    dedicatedNodes: 2
    taskSlotsPerNode: 1
    containerImageNames: [
      'transcodeacr53b1ded7.azurecr.io/transcode/ffmpeg:7.1'
    ]
  }
}
