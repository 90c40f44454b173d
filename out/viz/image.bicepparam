using './image.bicep'

param location = 'westeurope'
param tags = {}
param versionTags = {
  'prebake-bake': '717b2b34676706aed1345d62a61110b1'
}
param galleryResourceGroup = 'platform-images-rg'
param galleryName = 'central_images'
param definitionName = 'viz-ubuntu-22.04'
param identifier = {
  publisher: 'prebake'
  offer: 'viz'
  sku: 'viz-ubuntu-22.04'
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
