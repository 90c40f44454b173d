using './image.bicep'

param location = 'northeurope'
param tags = {}
param versionTags = {
  'prebake-bake': '508efe7cb482b94147a44f4fb784f530'
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
