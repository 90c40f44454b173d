using './registry.bicep'

param location = 'swedencentral'
param tags = {}
param registryName = 'visionacr824a64b0'
param registrySku = 'Basic'
param roleAssignmentMode = 'LegacyRegistryPermissions'
param identityName = 'vision-pull'
param pullRoleId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
