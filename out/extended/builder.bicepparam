using './builder.bicep'

param location = 'swedencentral'
param tags = {
  'prebake-bake': '484b3ba9f5374504727ea139a8aeccb9'
}
param vmName = 'extended-builder'
param vmSize = 'Standard_D4s_v5'
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
param networkName = 'extended-builder-vnet'
param addressSpace = '10.65.0.0/24'
