using './image.bicep'

param location = 'swedencentral'
param tags = {}
param versionTags = {
  'prebake-bake': 'ee17cfa53b9487fe78b9ffc7204afb48'
}
param galleryName = 'extended_gallery'
param definitionName = 'extended-ubuntu-24.04'
param identifier = {
  publisher: 'prebake'
  offer: 'extended'
  sku: 'extended-ubuntu-24.04'
}
param hyperVGeneration = 'V2'
param version = '1.0.0'
param targetRegions = [
  {
    name: 'swedencentral'
    regionalReplicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
]
param builderName = 'extended-builder'
