using './registry.bicep'

param location = 'northeurope'
param tags = {
  team: 'vision'
}
param registryName = 'crnamednortheuropek3f9a'
param registrySku = 'Premium'
param roleAssignmentMode = 'LegacyRegistryPermissions'
param identityName = 'id-named-pull-northeurope'
param pullRoleId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
