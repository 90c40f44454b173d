using './builder.bicep'

param location = 'westeurope'
param tags = {
  costCenter: '4711'
  'prebake-bake': '4a187fbc0e476a7fd975291e2ecb026e'
}
param vmName = 'vm-genomics-builder-prod'
param vmSize = 'Standard_D16ds_v5'
param baseImage = {
  publisher: 'Canonical'
  offer: 'ubuntu-24_04-lts'
  sku: 'server'
  version: 'latest'
}
param osDiskSizeGB = 64
param customData = loadFileAsBase64('cloud-init.yaml')
param adminUsername = 'prebake'
param sshPublicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBKxeDXzxdfwbjpSU1QiyzBop38pzkewk2RnI47YYxy'
param identityName = 'id-genomics-pull-prod'
param subnetId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/builder'
