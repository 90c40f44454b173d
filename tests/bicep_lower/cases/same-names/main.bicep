param name string
param c bool

// The names of these may be equal, but only a deployment can tell.
resource one 'Microsoft.Storage/storageAccounts@2022-09-01' = {
  name: name
}

resource two 'Microsoft.Storage/storageAccounts@2022-09-01' = {
  name: name
}

// Only one of these is deployed.
resource either 'Microsoft.Storage/storageAccounts@2022-09-01' = if (c) {
  name: 'same'
}

resource or 'Microsoft.Storage/storageAccounts@2022-09-01' = if (!c) {
  name: 'same'
}
