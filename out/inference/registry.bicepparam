using './registry.bicep'

param location = 'eastus2'
param tags = {}
param registryName = 'contosoplatform'
param identityName = 'inference-pull'
param pullRoleId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
param registryResourceGroup = 'platform-shared'
