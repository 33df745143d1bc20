// Tells of spending. Nothing is switched off by it.

import { placement } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Who is told, beside the owners; empty for nobody.')
param email string
@description('Spending a month, of this resource group.')
param monthlyBudget int
@description('First day of a month.')
param budgetStart string

resource spend 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: 'nrser-${place.suffix}'
  properties: {
    category: 'Cost'
    amount: monthlyBudget
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: budgetStart
    }
    notifications: {
      actual: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: empty(email) ? [] : [email]
        contactRoles: ['Owner']
      }
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: empty(email) ? [] : [email]
        contactRoles: ['Owner']
      }
    }
  }
}
