using './image.bicep'

param location = 'usgovvirginia'
param tags = {}
param versionTags = {
  'prebake-bake': 'e2a1268b24cecd0024ede2d1f7b21133'
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
