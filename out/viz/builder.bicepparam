using './builder.bicep'

param location = 'westeurope'
param tags = {
  'prebake-bake': '717b2b34676706aed1345d62a61110b1'
}
param vmName = 'viz-builder'
param vmSize = 'Standard_NV18ads_A10_v5'
param baseImage = {
  publisher: 'Canonical'
  offer: '0001-com-ubuntu-server-jammy'
  sku: '22_04-lts-gen2'
  version: 'latest'
}
param osDiskSizeGB = 128
param sshPublicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBKxeDXzxdfwbjpSU1QiyzBop38pzkewk2RnI47YYxy'
param networkName = 'viz-builder-vnet'
param addressSpace = '10.65.0.0/24'
