using './registry.bicep'

param location = 'swedencentral'
param tags = {}
param registryName = 'visionacr824a64b0'
param registrySku = 'Basic'
param roleAssignmentMode = 'LegacyRegistryPermissions'
param identityName = 'vision-pull'
param pullRoleId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
param builds = {
  team_a_name_that_is_much_longer_than_the_registry_takes_one: {
    taskName: 'build-team-a-name-that-is-much-longer-tha-88ea365c'
    context: 'https://github.com/company/one.git'
    dockerfile: 'Dockerfile'
    image: 'team/a-name-that-is-much-longer-than-the-registry-takes-one:1'
    timeoutSeconds: 3600
  }
  team_a_name_that_is_much_longer_than_the_registry_takes_two: {
    taskName: 'build-team-a-name-that-is-much-longer-tha-556baf3f'
    context: 'https://github.com/company/two.git'
    dockerfile: 'Dockerfile'
    image: 'team/a-name-that-is-much-longer-than-the-registry-takes-two:1'
    timeoutSeconds: 3600
  }
  team_app: {
    taskName: 'build-team-app'
    context: 'https://github.com/company/app.git'
    dockerfile: 'Dockerfile'
    image: 'team/app:1'
    timeoutSeconds: 3600
  }
}
