using './builder.bicep'

param location = 'swedencentral'
param tags = {
  'prebake-bake': '7a441b50a7f470a87ed895c851aba877'
}
param vmName = 'vision-builder'
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
param identityName = 'vision-pull'
param networkName = 'vision-builder-vnet'
param addressSpace = '10.65.0.0/24'
