using './batch.bicep'

param location = 'westeurope'
param tags = {
  costCenter: '4711'
}
param accountName = 'bagenomicsprodk3f9a'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'stgenomicsprodk3f9a'
param endpointSubnetId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/endpoints'
param endpointNames = {
  accountEndpoint: 'pep-genomics-account-prod'
  nodeEndpoint: 'pep-genomics-nodes-prod'
  storageEndpoint: 'pep-genomics-storage-prod'
}
param dnsResourceGroup = 'rg-private-dns'
param dnsSubscriptionId = '99c1e0a4-6f0e-4d53-9c3e-1f2a3b4c5d6e'
param jobSubmitters = [
  {
    principalId: '3f0b7d5a-2c1e-4f7b-9a57-0d5d5a0c9b11'
    principalType: 'Group'
  }
]
param submitterRoleId = '48e5e92e-a480-4e71-aa9c-2778f4c13781'
param subnetId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/nodes'
param identityName = 'id-genomics-pull-prod'
param registryServer = 'crgenomicsprodk3f9a.azurecr.io'
param image = {
  gallery: 'gal_genomics_prod'
  definition: 'genomics-ubuntu-24.04'
  version: '1.0.0'
}
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  align: {
    id: 'align'
    vmSize: 'Standard_D16ds_v5'
    dedicatedNodes: 4
    taskSlotsPerNode: 1
    containerImageNames: [
      'crgenomicsprodk3f9a.azurecr.io/genomics/align:3.2.0'
    ]
  }
}
