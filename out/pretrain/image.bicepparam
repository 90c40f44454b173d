using './image.bicep'

param location = 'swedencentral'
param tags = {}
param versionTags = {
  'prebake-bake': 'de01281e033535b4dc950cc8d188d78b'
}
param galleryName = 'pretrain_gallery'
param definitionName = 'pretrain-ubuntu-hpc-24.04'
param identifier = {
  publisher: 'prebake'
  offer: 'pretrain'
  sku: 'pretrain-ubuntu-hpc-24.04'
}
param hyperVGeneration = 'V2'
param version = '1.0.0'
param targetRegions = [
  {
    name: 'swedencentral'
    regionalReplicaCount: 2
    storageAccountType: 'Standard_LRS'
  }
]
param builderName = 'pretrain-builder'
