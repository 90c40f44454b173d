param fromState bool
param disks array

resource account 'Microsoft.Storage/storageAccounts@2023-01-01' existing = {
  name: 'records'
}

// Written out at every use, since it reads what exists only at run time.
var where = fromState ? account.location : 'nowhere'

module empty 'inner.bicep' = {
  name: 'empty'
  params: {}
}

module filled 'inner.bicep' = {
  name: 'filled'
  params: {
    place: where
    nested: fromState ? any(where) : 'x'
    items: [for (disk, i) in disks: {
      name: disk.name
      lun: i
    }]
    names: [for disk in disks: disk.name]
  }
}

module bare 'inner.bicep' = {
  name: 'bare'
}
