param c bool
param o object

resource account 'Microsoft.Storage/storageAccounts@2022-09-01' = if (c) {
  name: 'account'
  location: 'westeurope'
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
}

output whole object = account.properties
output properties object? = account.?properties
output tier string? = account.?properties.accessTier
output type string? = account.?type
output location string? = account.?location
output id string? = account.?id
output throughAny string? = any(o.?a).b[0]
output notThroughParentheses string? = (o.?a).b
