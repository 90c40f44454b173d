using './image.bicep'

param location = 'eastus2'
param tags = {}
param versionTags = {
  'prebake-bake': '80b0d287b7417a94da875e4cf1f51dd7'
}
param galleryName = 'inference_gallery'
param definitionName = 'inference-ubuntu-24.04'
param identifier = {
  publisher: 'prebake'
  offer: 'inference'
  sku: 'inference-ubuntu-24.04'
}
param hyperVGeneration = 'V2'
param version = '2.0.1'
param targetRegions = [
  {
    name: 'eastus2'
    regionalReplicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
  {
    name: 'westus3'
    regionalReplicaCount: 2
    storageAccountType: 'Standard_LRS'
  }
]
param builderName = 'inference-builder'
