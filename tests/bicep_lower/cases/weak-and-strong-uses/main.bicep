type name = string
param factory name

module before 'before.bicep' = {
  name: 'before'
}

resource plant 'Microsoft.DataFactory/factories@2018-06-01' existing = {
  name: factory
  dependsOn: [before]
}

// Placed below the factory, and reads it.
resource reader 'Microsoft.DataFactory/factories/linkedservices@2018-06-01' = {
  parent: plant
  name: 'reader'
  properties: {
    type: 'AzureDataExplorer'
    typeProperties: {
      endpoint: 'https://x'
      tenant: plant.identity.tenantId
    }
  }
}

// Only placed below it.
resource placed 'Microsoft.DataFactory/factories/linkedservices@2018-06-01' = {
  parent: plant
  name: 'placed'
  properties: {
    type: 'AzureDataExplorer'
    typeProperties: {
      endpoint: 'https://x'
    }
  }
}
