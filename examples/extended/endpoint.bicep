// The way to the account, which the internet does not reach.
resource accountEndpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: '${accountName}-endpoint'
  location: location
  properties: {
    subnet: { id: '${virtualNetwork.id}/subnets/endpoints' }
    privateLinkServiceConnections: [
      { name: 'account', properties: { privateLinkServiceId: account.id, groupIds: ['batchAccount'] } }
    ]
  }
}
