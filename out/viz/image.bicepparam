using './image.bicep'

param location = 'westeurope'
param tags = {}
param versionTags = {
  'prebake-bake': '45a59fe5959cf395d5e94bbd32f602ff'
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
