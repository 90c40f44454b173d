using './registry.bicep'

param location = 'northeurope'
param tags = {}
param registryName = 'transcodeacr53b1ded7'
param registrySku = 'Basic'
param roleAssignmentMode = 'LegacyRegistryPermissions'
param identityName = 'transcode-pull'
param pullRoleId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
param builds = {
  transcode_ffmpeg: {
    taskName: 'build-transcode-ffmpeg'
    context: 'https://github.com/example/ffmpeg-batch.git#main'
    dockerfile: 'Dockerfile'
    image: 'transcode/ffmpeg:7.1'
    timeoutSeconds: 3600
  }
}
