using './registry.bicep'

param location = 'usgovvirginia'
param tags = {}
param registryName = 'imageryacrm7q2x'
param registrySku = 'Standard'
param roleAssignmentMode = 'AbacRepositoryPermissions'
param identityName = 'imagery-pull'
param pullRoleId = 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
param buildIdentityName = 'imagery-build'
param pushRoleId = '2a1e307c-b015-4ebd-883e-5b7698a07328'
param builds = {
  imagery_detect: {
    taskName: 'build-imagery-detect'
    context: 'https://github.com/example/detect.git#main'
    dockerfile: 'Dockerfile'
    image: 'imagery/detect:1.4.0'
    timeoutSeconds: 3600
  }
}
