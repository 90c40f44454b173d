using './builder.bicep'

param location = 'eastus2'
param tags = {
  'prebake-bake': '80b0d287b7417a94da875e4cf1f51dd7'
}
param vmName = 'inference-builder'
param vmSize = 'Standard_NC24ads_A100_v4'
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
param identityName = 'inference-pull'
param subnetId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/network-hub/providers/Microsoft.Network/virtualNetworks/hub/subnets/build'
