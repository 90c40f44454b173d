using './image.bicep'

param location = 'westeurope'
param tags = {
  team: 'visual-effects'
}
param versionTags = {
  'prebake-bake': 'c9e1afec1d7efeb6a0893489a7872a91'
  team: 'visual-effects'
}
param galleryName = 'render_farm_gallery'
param definitionName = 'render-farm-almalinux-9'
param identifier = {
  publisher: 'prebake'
  offer: 'render-farm'
  sku: 'render-farm-almalinux-9'
}
param hyperVGeneration = 'V2'
param version = '1.2.0'
param targetRegions = [
  {
    name: 'westeurope'
    regionalReplicaCount: 1
    storageAccountType: 'Standard_LRS'
  }
]
param builderName = 'render-farm-builder'
