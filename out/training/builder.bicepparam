using './builder.bicep'

param location = 'westus3'
param tags = {
  'prebake-bake': '88e712e1b7dcfc8b14dba225b3db3aed'
}
param vmName = 'training-builder'
param vmSize = 'Standard_NC4as_T4_v3'
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
param identityName = 'training-pull'
param networkName = 'training-builder-vnet'
param addressSpace = '10.65.0.0/24'
