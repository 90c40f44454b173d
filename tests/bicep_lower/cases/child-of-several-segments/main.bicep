param server string

resource database 'Microsoft.Sql/servers/databases@2023-08-01-preview' existing = {
  name: '${server}/records'
}

resource audit 'Microsoft.Sql/servers/databases/auditingSettings@2023-08-01-preview' = {
  parent: database
  name: 'default'
  properties: {
    state: 'Enabled'
  }
}

output id string = audit.id
