resource known 'Microsoft.Storage/storageAccounts@2022-09-01' existing = {
  name: 'known'
}

resource found 'Microsoft.Storage/storageAccounts@2022-09-01' existing = {
  name: last(split(known.properties.primaryEndpoints.blob, '/'))
}

resource service 'Microsoft.Storage/storageAccounts/blobServices@2022-09-01' existing = {
  parent: found
  name: 'default'
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' existing = {
  scope: service
  name: 'lock'
}

var late = found.name
var later = '${lock.id}!'
var early = known.id
var named = nameof(found.properties)

output late string = late
output later string = later
output list array = [early, named]
