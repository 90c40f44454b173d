using './registry.bicep'

param location = 'westeurope'
param tags = {
  costCenter: '4711'
}
param registryName = 'crgenomicsprodk3f9a'
param registrySku = 'Premium'
param roleAssignmentMode = 'LegacyRegistryPermissions'
param identityName = 'id-genomics-pull-prod'
param pullRoleId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
param endpointSubnetId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/endpoints'
param endpointNames = {
  registryEndpoint: 'pep-genomics-registry-prod'
}
param dnsResourceGroup = 'rg-private-dns'
param dnsSubscriptionId = '99c1e0a4-6f0e-4d53-9c3e-1f2a3b4c5d6e'
param agentPool = {
  name: 'builds'
  tier: 'S2'
  subnetId: '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/builds'
}
param builds = {
  genomics_align: {
    taskName: 'build-genomics-align'
    context: 'https://github.com/example/align.git#main'
    dockerfile: 'Dockerfile'
    image: 'genomics/align:3.2.0'
    timeoutSeconds: 3600
  }
}
