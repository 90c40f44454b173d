using './image.bicep'

param location = 'swedencentral'
param tags = {}
param versionTags = {
  'prebake-bake': '0be9128964bda3a871c4940f4936450a'
}
param galleryName = 'vision_gallery'
param definitionName = 'vision-ubuntu-24.04'
param identifier = {
  publisher: 'prebake'
  offer: 'vision'
  sku: 'vision-ubuntu-24.04'
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
param builderName = 'vision-builder'
