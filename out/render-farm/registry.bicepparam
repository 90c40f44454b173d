using './registry.bicep'

param location = 'westeurope'
param tags = {
  team: 'visual-effects'
}
param registryName = 'renderfarmacr68b903bc'
param registrySku = 'Standard'
param roleAssignmentMode = 'AbacRepositoryPermissions'
param identityName = 'render-farm-pull'
param pullRoleId = 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
param buildIdentityName = 'render-farm-build'
param pushRoleId = '2a1e307c-b015-4ebd-883e-5b7698a07328'
param builds = {
  render_blender: {
    taskName: 'build-render-blender'
    context: 'https://github.com/example/blender-batch.git#main:images/blender'
    dockerfile: 'Dockerfile'
    image: 'render/blender:4.2.3'
    timeoutSeconds: 7200
    arguments: [
      {
        name: 'BLENDER_VERSION'
        value: '4.2.3'
      }
    ]
  }
}
