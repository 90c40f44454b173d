using './image.bicep'

param location = 'westeurope'
param tags = {}
param versionTags = {
  'prebake-bake': '12d6334d68972f7a99bdba7886b39f4e'
}
param galleryResourceGroup = 'platform-images-rg'
param galleryName = 'central_images'
param definitionName = 'viz-ubuntu-24.04'
param identifier = {
  publisher: 'prebake'
  offer: 'viz'
  sku: 'viz-ubuntu-24.04'
}
param hyperVGeneration = 'V2'
param version = '1.0.0'
param targetRegions = [
  {
    name: 'westeurope'
    regionalReplicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
]
param builderName = 'viz-builder'
