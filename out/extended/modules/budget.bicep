targetScope = 'subscription'

@description('Currency units a month.')
param amount int

resource budget 'Microsoft.Consumption/budgets@2026-06-01' = {
  name: 'extended-batch'
  properties: {
    amount: amount
    category: 'Cost'
    timeGrain: 'Monthly'
    timePeriod: { startDate: '2026-12-01' }
    notifications: {
      eighty: { enabled: true, operator: 'GreaterThan', threshold: 80, contactEmails: ['ops@example.com'] }
    }
  }
}
