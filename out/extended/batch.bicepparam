using './batch.bicep'

param location = 'swedencentral'
param tags = {}
param accountName = 'extended3ac13d24'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'extendedst3ac13d24'
param network = {
  name: 'extended-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'extended-nsg'
  natGateway: 'extended-nat'
  natAddress: 'extended-nat-ip'
}
param image = {
  gallery: 'extended_gallery'
  definition: 'extended-ubuntu-24.04'
  version: '1.0.0'
}
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  dev: {
    id: 'dev'
    vmSize: 'Standard_D4s_v5'
    dedicatedNodes: 1
    taskSlotsPerNode: 1
    containerImageNames: [
      'docker.io/library/python:3.12'
    ]
  }
}
