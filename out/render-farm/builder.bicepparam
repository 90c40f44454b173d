using './builder.bicep'

param location = 'westeurope'
param tags = {
  'prebake-bake': 'b5c561a823eb3162f1bffc64691e680f'
  team: 'visual-effects'
}
param vmName = 'render-farm-builder'
param vmSize = 'Standard_NV12ads_A10_v5'
param baseImage = {
  publisher: 'almalinux'
  offer: 'almalinux-x86_64'
  sku: '9-gen2'
  version: 'latest'
}
param osDiskSizeGB = 128
param sshPublicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBKxeDXzxdfwbjpSU1QiyzBop38pzkewk2RnI47YYxy'
param identityName = 'render-farm-pull'
param networkName = 'render-farm-builder-vnet'
param addressSpace = '10.65.0.0/24'
