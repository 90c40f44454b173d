using './image.bicep'

param location = 'westus3'
param tags = {}
param versionTags = {
  'prebake-bake': '88e712e1b7dcfc8b14dba225b3db3aed'
}
param galleryName = 'training_gallery'
param definitionName = 'training-ubuntu-24.04'
param identifier = {
  publisher: 'prebake'
  offer: 'training'
  sku: 'training-ubuntu-24.04'
}
param hyperVGeneration = 'V2'
param version = '3.1.0'
param targetRegions = [
  {
    name: 'westus3'
    regionalReplicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
]
param builderName = 'training-builder'
