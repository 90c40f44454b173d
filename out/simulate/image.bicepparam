using './image.bicep'

param location = 'northeurope'
param tags = {}
param versionTags = {
  'prebake-bake': '6ce0b05571bb9c8cc66dd2cf65fa06cc'
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
