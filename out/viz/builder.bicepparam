using './builder.bicep'

param location = 'westeurope'
param tags = {
  'prebake-bake': '12d6334d68972f7a99bdba7886b39f4e'
}
param vmName = 'viz-builder'
param vmSize = 'Standard_NV18ads_A10_v5'
param baseImage = {
  publisher: 'Canonical'
  offer: 'ubuntu-24_04-lts'
  sku: 'server'
  version: 'latest'
}
param osDiskSizeGB = 128
param customData = loadFileAsBase64('cloud-init.yaml')
param adminUsername = 'prebake'
param sshPublicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBKxeDXzxdfwbjpSU1QiyzBop38pzkewk2RnI47YYxy'
param networkName = 'viz-builder-vnet'
param addressSpace = '10.65.0.0/24'
