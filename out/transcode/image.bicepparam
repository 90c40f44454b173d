using './image.bicep'

param location = 'northeurope'
param tags = {}
param versionTags = {
  'prebake-bake': '3024dbbde8abdc5ff0ff04c39ea0faee'
}
param galleryName = 'transcode_gallery'
param definitionName = 'transcode-ubuntu-24.04'
param identifier = {
  publisher: 'prebake'
  offer: 'transcode'
  sku: 'transcode-ubuntu-24.04'
}
param hyperVGeneration = 'V2'
param version = '1.0.0'
param targetRegions = [
  {
    name: 'northeurope'
    replicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
]
param templateName = 'transcode-image-1.0.0'
param vmSize = 'Standard_D8ds_v5'
param baseImage = {
  publisher: 'Canonical'
  offer: 'ubuntu-24_04-lts'
  sku: 'server'
  version: 'latest'
}
param osDiskSizeGB = 64
param bakeScript = loadFileAsBase64('bake.sh')
param buildTimeoutInMinutes = 90
param builderIdentityName = 'transcode-image-builder'
param publisherRoleId = '85a2d0d9-2eba-4c9c-b355-11c2cc0788ab'
param identityName = 'transcode-pull'
param operatorRoleId = 'f1a07417-d97a-45cb-824c-7a7467783830'
