using './registry.bicep'

param location = 'swedencentral'
param tags = {}
param registryName = 'pretrainacr564005bc'
param registrySku = 'Premium'
param roleAssignmentMode = 'LegacyRegistryPermissions'
param identityName = 'pretrain-pull'
param pullRoleId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
param builds = {
  pretrain: {
    taskName: 'build-pretrain'
    context: 'https://github.com/contoso/pretrain.git#main'
    dockerfile: 'Dockerfile'
    image: 'pretrain:24.11'
    timeoutSeconds: 3600
  }
}
