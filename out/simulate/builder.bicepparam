using './builder.bicep'

param location = 'northeurope'
param tags = {
  'prebake-bake': '508efe7cb482b94147a44f4fb784f530'
}
param vmName = 'simulate-builder'
param vmSize = 'Standard_D8ds_v5'
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
param networkName = 'simulate-builder-vnet'
param addressSpace = '10.65.0.0/24'
