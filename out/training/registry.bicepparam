using './registry.bicep'

param location = 'westus3'
param tags = {}
param registryName = 'trainingacr19a84d86'
param registrySku = 'Premium'
param roleAssignmentMode = 'LegacyRegistryPermissions'
param identityName = 'training-pull'
param pullRoleId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
