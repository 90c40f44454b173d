using './batch.bicep'

param location = 'northeurope'
param tags = {
  team: 'vision'
}
param accountName = 'banamednortheuropek3f9a'
param poolAllocationMode = 'UserSubscription'
param keyVaultId = '/subscriptions/x/resourceGroups/y/providers/Microsoft.KeyVault/vaults/v'
param keyVaultName = 'v'
param storageAccountName = 'stnamednortheuropek3f9a'
param network = {
  name: 'vnet-named-northeurope'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'nsg-named-northeurope'
  routeTableId: '/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/routeTables/firewall'
}
param identityName = 'id-named-pull-northeurope'
param registryServer = 'crnamednortheuropek3f9a.azurecr.io'
param image = {
  gallery: 'gal_named_northeurope'
  definition: 'named-ubuntu-24.04'
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
      'crnamednortheuropek3f9a.azurecr.io/app:1'
    ]
  }
}
