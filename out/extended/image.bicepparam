using './image.bicep'

param location = 'swedencentral'
param tags = {}
param versionTags = {
  'prebake-bake': '484b3ba9f5374504727ea139a8aeccb9'
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
