using './batch.bicep'

param location = 'swedencentral'
param tags = {}
param accountName = 'bazonesk3f9a'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'stzonesk3f9a'
param endpointSubnetId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/endpoints'
param endpointNames = {
  accountEndpoint: 'pep-zones-account'
  nodeEndpoint: 'pep-zones-nodes'
  storageEndpoint: 'pep-zones-storage'
}
param endpointNetworkId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke'
param subnetId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/nodes'
param identityName = 'id-zones-pull'
param registryServer = 'crzonesk3f9a.azurecr.io'
param image = {
  gallery: 'gal_zones'
  definition: 'zones-ubuntu-24.04'
  version: '1.0.0'
}
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  p: {
    id: 'p'
    vmSize: 'Standard_D4ds_v5'
    dedicatedNodes: 1
    taskSlotsPerNode: 1
    containerImageNames: [
      'crzonesk3f9a.azurecr.io/app:1'
    ]
  }
}
