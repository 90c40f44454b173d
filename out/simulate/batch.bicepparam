using './batch.bicep'

param location = 'northeurope'
param tags = {}
param accountName = 'simulatea902e2ab'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'simulatesta902e2ab'
param network = {
  name: 'simulate-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'simulate-nsg'
  natGateway: 'simulate-nat'
  natAddress: 'simulate-nat-ip'
}
param image = {
  gallery: 'simulate_gallery'
  definition: 'simulate-ubuntu-24.04'
  version: '1.0.0'
}
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  simulate: {
    id: 'simulate'
    vmSize: 'Standard_D8ds_v5'
    dedicatedNodes: 4
    taskSlotsPerNode: 8
    containerImageNames: [
      'mcr.microsoft.com/azurelinux/base/python:3.12'
    ]
  }
}
