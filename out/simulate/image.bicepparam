using './image.bicep'

param location = 'northeurope'
param tags = {}
param versionTags = {
  'prebake-bake': 'e8bd9a024aaa98bd7775be1336e1d5f2'
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
