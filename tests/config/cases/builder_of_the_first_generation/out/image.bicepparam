using './image.bicep'

param location = 'swedencentral'
param tags = {}
param versionTags = {
  'prebake-bake': 'd2e67a624168ecd8a23357053212589a'
}
param galleryName = 'vision_gallery'
param definitionName = 'vision-ubuntu-24.04'
param identifier = {
  publisher: 'prebake'
  offer: 'vision'
  sku: 'vision-ubuntu-24.04'
}
param hyperVGeneration = 'V1'
param version = '1.0.0'
param targetRegions = [
  {
    name: 'swedencentral'
    regionalReplicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
]
param builderName = 'vision-builder'
