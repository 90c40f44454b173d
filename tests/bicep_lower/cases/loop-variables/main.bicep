param n int

resource a 'Microsoft.Storage/storageAccounts@2022-09-01' = [for i in range(0, n): {
  name: 'a${i}'
  location: 'westeurope'
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
}]

var names = [for i in range(0, n): a[i].name]
var first = a[0].id

resource oneItem 'Microsoft.Network/virtualNetworks@2022-01-01' = {
  name: names[2]
}

resource eachItem 'Microsoft.Network/virtualNetworks@2022-01-01' = [for (_, i) in range(0, n): {
  name: names[i]
}]

resource whole 'Microsoft.Network/virtualNetworks@2022-01-01' = {
  name: join(names, '')
}

resource throughVariable 'Microsoft.Network/virtualNetworks@2022-01-01' = {
  name: uniqueString(first)
}
