using './image.bicep'

param location = 'swedencentral'
param tags = {}
param versionTags = {
  'prebake-bake': 'f6285ddc0f96923e64835e7d24e1f66d'
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
