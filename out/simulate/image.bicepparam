using './image.bicep'

param location = 'northeurope'
param tags = {}
param versionTags = {
  'prebake-bake': '41a6e40f9d6ca99d5d9380ea0d26839b'
}
param galleryName = 'simulate_gallery'
param definitionName = 'simulate-ubuntu-24.04'
param identifier = {
  publisher: 'prebake'
  offer: 'simulate'
  sku: 'simulate-ubuntu-24.04'
}
param hyperVGeneration = 'V2'
param version = '1.0.0'
param targetRegions = [
  {
    name: 'northeurope'
    regionalReplicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
]
param builderName = 'simulate-builder'
