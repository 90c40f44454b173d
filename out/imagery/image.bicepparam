using './image.bicep'

param location = 'usgovvirginia'
param tags = {}
param versionTags = {
  'prebake-bake': '85d0e0d3ba649321336ce563559c87e4'
}
param galleryName = 'imagery_gallery'
param definitionName = 'imagery-ubuntu-22.04'
param identifier = {
  publisher: 'prebake'
  offer: 'imagery'
  sku: 'imagery-ubuntu-22.04'
}
param hyperVGeneration = 'V2'
param version = '1.0.0'
param targetRegions = [
  {
    name: 'usgovvirginia'
    regionalReplicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
  {
    name: 'usgovarizona'
    regionalReplicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
]
param builderName = 'imagery-builder'
