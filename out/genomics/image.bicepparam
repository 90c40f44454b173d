using './image.bicep'

param location = 'westeurope'
param tags = {
  costCenter: '4711'
}
param versionTags = {
  costCenter: '4711'
  'prebake-bake': '4a187fbc0e476a7fd975291e2ecb026e'
}
param galleryName = 'gal_genomics_prod'
param definitionName = 'genomics-ubuntu-24.04'
param identifier = {
  publisher: 'prebake'
  offer: 'genomics'
  sku: 'genomics-ubuntu-24.04'
}
param hyperVGeneration = 'V2'
param version = '1.0.0'
param targetRegions = [
  {
    name: 'westeurope'
    regionalReplicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
]
param builderName = 'vm-genomics-builder-prod'
