using './builder.bicep'

param location = 'westeurope'
param tags = {
  'prebake-bake': 'c9e1afec1d7efeb6a0893489a7872a91'
  team: 'visual-effects'
}
param vmName = 'render-farm-builder'
param vmSize = 'Standard_NC4as_T4_v3'
param baseImage = {
  publisher: 'almalinux'
  offer: 'almalinux-x86_64'
  sku: '9-gen2'
  version: 'latest'
}
param osDiskSizeGB = 128
param customData = loadFileAsBase64('cloud-init.yaml')
param adminUsername = 'prebake'
param sshPublicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBKxeDXzxdfwbjpSU1QiyzBop38pzkewk2RnI47YYxy'
param identityName = 'render-farm-pull'
param networkName = 'render-farm-builder-vnet'
param addressSpace = '10.65.0.0/24'
