resource older 'Microsoft.Insights/actionGroups@2019-06-01' = {
  name: 'older'
  location: 'Global'
  properties: {
    enabled: true
    groupShortName: 'o'
  }
}

resource newer 'microsoft.insights/actiongroups@2022-06-01' = {
  name: 'newer'
  location: 'Global'
  properties: {
    enabled: true
    groupShortName: 'n'
  }
}

resource cache 'Microsoft.Cache/redis@2019-07-01' existing = {
  name: 'cache'
}

resource laterCache 'Microsoft.Cache/Redis@2023-08-01' existing = {
  name: 'cache'
}

output ids array = [cache.id, laterCache.id]
