param site string

resource account 'Microsoft.Storage/storageAccounts@2023-01-01' existing = {
  name: 'records'
}

var keys = listkeys(account.id, '2023-01-01')

output settings object = list('${site}/config/appsettings', '2023-12-01')
output key string = account.listkeys().keys[0].value
output other object = keys
