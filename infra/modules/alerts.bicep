// What somebody should hear of. Not the length of the dead-letter queues: they are drained into rows, so the metric of failures tells more.

import { containerNames, metricPrefix } from 'names.bicep'

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('What makes names unique, see names.bicep.')
param suffix string
@description('Log Analytics workspace.')
param workspaceId string
@description('System topic of the uploads.')
param topicId string
@description('Who is told; empty for nobody: alerts then show in the portal alone.')
param email string
@description('Hours that the oldest message may wait before somebody is told.')
param queueAgeHours int
@description('Spending a month, of this resource group; 0 for no budget.')
param monthlyBudget int
@description('First day of a month.')
param budgetStart string

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-nrser-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'nrser'
    enabled: true
    emailReceivers: [
      {
        name: 'operator'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

var groups = empty(email) ? [] : [people.id]
var queries = [
  {
    name: 'failures'
    description: 'Recordings were rejected or failed, or a dead letter led to no row; split by reason.'
    query: 'AppMetrics | where Name == "${metricPrefix}.failures" | summarize Failures = sum(Sum) by Reason = tostring(Properties.reason)'
    measure: 'Failures'
    dimension: 'Reason'
    threshold: 0
  }
  {
    name: 'queue-age'
    description: 'Messages wait too long: too few workers, or none that starts.'
    query: 'AppMetrics | where Name == "${metricPrefix}.queue.age" | summarize Hours = max(Max) / 3600 by Queue = tostring(Properties.queue)'
    measure: 'Hours'
    dimension: 'Queue'
    threshold: queueAgeHours
  }
]

resource queryAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in queries: {
    name: 'alert-${alert.name}-${suffix}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'NrSer: ${alert.name}'
      description: alert.description
      severity: 2
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT30M' // twice the frequency: what arrives late is reported, if need be twice, and not missed
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Total'
            metricMeasureColumn: alert.measure
            dimensions: [
              {
                name: alert.dimension
                operator: 'Include'
                values: ['*']
              }
            ]
            operator: 'GreaterThan'
            threshold: alert.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      autoMitigate: false
      skipQueryValidation: true // the table appears with the first metric
      actions: {
        actionGroups: groups
      }
    }
  }
]

var losses = [
  {
    name: 'lost-events'
    metric: 'DeadLetteredCount'
    description: 'Event Grid gave up an upload. Sweep finds it in time; the reason is in the container ${containerNames.lostEvents}.'
  }
  {
    name: 'dropped-events'
    metric: 'DroppedEventCount'
    description: 'Event Grid gave up an upload and kept no event: can the topic write to ${containerNames.lostEvents}? Sweep finds it in time.'
  }
]

resource lossAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for loss in losses: {
    name: 'alert-${loss.name}-${suffix}'
    location: 'global'
    tags: tags
    properties: {
      description: loss.description
      severity: 2
      enabled: true
      scopes: [topicId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT15M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: loss.name
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: 'Microsoft.EventGrid/systemTopics'
            metricName: loss.metric
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      actions: [
        for group in groups: {
          actionGroupId: group
        }
      ]
    }
  }
]

resource spend 'Microsoft.Consumption/budgets@2023-11-01' = if (monthlyBudget > 0) {
  name: 'nrser-${suffix}'
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
