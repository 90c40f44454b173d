using './builder.bicep'

param location = 'usgovvirginia'
param tags = {
  'prebake-bake': '85d0e0d3ba649321336ce563559c87e4'
}
param vmName = 'imagery-builder'
param vmSize = 'Standard_NC4as_T4_v3'
param baseImage = {
  publisher: 'Canonical'
  offer: '0001-com-ubuntu-server-jammy'
  sku: '22_04-lts-gen2'
  version: 'latest'
}
param osDiskSizeGB = 128
param customData = loadFileAsBase64('cloud-init.yaml')
param adminUsername = 'prebake'
param sshPublicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBKxeDXzxdfwbjpSU1QiyzBop38pzkewk2RnI47YYxy'
param identityName = 'imagery-pull'
param networkName = 'imagery-builder-vnet'
param addressSpace = '10.65.0.0/24'
