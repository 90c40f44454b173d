using './batch.bicep'

param location = 'swedencentral'
param tags = {}
param accountName = 'lab3547d50c'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'labst3547d50c'
param network = {
  name: 'lab-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'lab-nsg'
  natGateway: 'lab-nat'
  natAddress: 'lab-nat-ip'
}
param imageDefinitionId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/images/providers/Microsoft.Compute/galleries/central/images/ubuntu'
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  a: {
    id: 'a'
    vmSize: 'Standard_D8ds_v5'
    dedicatedNodes: 1
    taskSlotsPerNode: 1
  }
}
