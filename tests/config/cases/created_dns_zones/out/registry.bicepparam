using './registry.bicep'

param location = 'swedencentral'
param tags = {}
param registryName = 'crzonesk3f9a'
param registrySku = 'Premium'
param roleAssignmentMode = 'LegacyRegistryPermissions'
param identityName = 'id-zones-pull'
param pullRoleId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
param endpointSubnetId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/endpoints'
param endpointNames = {
  registryEndpoint: 'pep-zones-registry'
}
param endpointNetworkId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke'
param agentPool = {
  name: 'builds'
  tier: 'S2'
  subnetId: '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/builds'
}
param builds = {
  app: {
    taskName: 'build-app'
    context: 'https://github.com/example/app.git#main'
    dockerfile: 'Dockerfile'
    image: 'app:1'
    timeoutSeconds: 3600
  }
}
