using './image.bicep'

param location = 'swedencentral'
param tags = {}
param versionTags = {
  'prebake-bake': '7a441b50a7f470a87ed895c851aba877'
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
