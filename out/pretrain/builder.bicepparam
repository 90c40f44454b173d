using './builder.bicep'

param location = 'swedencentral'
param tags = {
  'prebake-bake': 'de01281e033535b4dc950cc8d188d78b'
}
param vmName = 'pretrain-builder'
param vmSize = 'Standard_ND96isr_H100_v5'
param baseImage = {
  publisher: 'microsoft-dsvm'
  offer: 'ubuntu-hpc'
  sku: '2404'
  version: 'latest'
}
param osDiskSizeGB = 256
param customData = loadFileAsBase64('cloud-init.yaml')
param adminUsername = 'prebake'
param sshPublicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBKxeDXzxdfwbjpSU1QiyzBop38pzkewk2RnI47YYxy'
param identityName = 'pretrain-pull'
param networkName = 'pretrain-builder-vnet'
param addressSpace = '10.65.0.0/24'
