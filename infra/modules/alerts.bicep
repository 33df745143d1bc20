// What somebody should hear of: what hosts say, what they would not say because they are dead, and what was lost on the way to them.

import { containerNames, metricPrefix, placement, workQueues } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Log Analytics workspace.')
param workspaceId string
@description('System topic of the uploads.')
param topicId string
@description('Service Bus namespace.')
param namespaceId string
@description('Who is told; empty for nobody: alerts then show in the portal alone.')
param email string
@description('Hours that the oldest message may wait before somebody is told; no window of the platform is longer than a day.')
@minValue(1)
@maxValue(24)
param queueAgeHours int
@description('Spending a month, of this resource group; 0 for no budget.')
param monthlyBudget int
@description('First day of a month.')
param budgetStart string

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-nrser-${place.suffix}'
  location: 'global'
  tags: place.tags
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
// The table appears with the first metric, and a query that names none that is there fails instead of finding nothing: an empty one stands beside it.
var metrics = 'union isfuzzy=true AppMetrics, (datatable(TimeGenerated: datetime, Name: string, Sum: real, Max: real, Properties: dynamic) [])'
var queries = [
  {
    name: 'failures'
    description: 'Recordings were rejected or failed, or a dead letter led to no row; split by reason.'
    query: '${metrics} | where Name == "${metricPrefix}.failures" | summarize Failures = sum(Sum) by Reason = tostring(Properties.reason)'
    measure: 'Failures'
    dimensions: ['Reason']
    operator: 'GreaterThan'
    threshold: 0
    times: 1
  }
  {
    name: 'queue-age'
    description: 'Messages wait too long: too few workers, or none that starts.'
    query: '${metrics} | where Name == "${metricPrefix}.queue.age" | summarize Hours = max(Max) / 3600 by Queue = tostring(Properties.queue)'
    measure: 'Hours'
    dimensions: ['Queue']
    operator: 'GreaterThan'
    threshold: queueAgeHours
    times: 1
  }
  {
    name: 'heartbeat'
    description: 'For an hour no sweep has ended: no Functions host lives, or none can reach storage and queues.'
    query: '${metrics} | where Name == "${metricPrefix}.sweeps" | summarize Sweeps = countif(Sum > 0)'
    measure: 'Sweeps'
    dimensions: []
    operator: 'LessThan'
    threshold: 1
    times: 4
  }
]

resource queryAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in queries: {
    name: 'alert-${alert.name}-${place.suffix}'
    location: place.location
    tags: place.tags
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
            dimensions: map(alert.dimensions, dimension => {
              name: dimension
              operator: 'Include'
              values: ['*']
            })
            operator: alert.operator
            threshold: alert.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: alert.times
              minFailingPeriodsToAlert: alert.times
            }
          }
        ]
      }
      autoMitigate: false
      skipQueryValidation: true // see metrics
      actions: {
        actionGroups: groups
      }
    }
  }
]

// The platform's own counts, which need no host that lives. A queue is long for hours while an archive is worked off: it tells by when it was empty.
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
var longestWait = queueAgeHours == 1 ? 'PT1H' : queueAgeHours <= 6 ? 'PT6H' : queueAgeHours <= 12 ? 'PT12H' : 'P1D' // the windows that there are
var metricAlerts = concat(
  map(losses, loss => {
    name: loss.name
    description: loss.description
    scope: topicId
    metric: loss.metric
    dimensions: []
    aggregation: 'Total'
    window: 'PT15M'
    frequency: 'PT15M'
  }),
  map(workQueues, queue => {
    name: 'standstill-${queue.name}'
    description: 'The queue ${queue.name} was never empty for long: too few of its ${queue.host} host, or none that starts.'
    scope: namespaceId
    metric: 'ActiveMessages'
    dimensions: [{ name: 'EntityName', operator: 'Include', values: [queue.name] }]
    aggregation: 'Minimum'
    window: longestWait
    frequency: 'PT1H'
  }),
  map(workQueues, queue => {
    name: 'letters-${queue.name}'
    description: 'For an hour dead letters of ${queue.name} have not become rows: no Functions host lives to drain them.'
    scope: namespaceId
    metric: 'DeadletteredMessages'
    dimensions: [{ name: 'EntityName', operator: 'Include', values: [queue.name] }]
    aggregation: 'Minimum'
    window: 'PT1H'
    frequency: 'PT15M'
  })
)

resource platformAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in metricAlerts: {
    name: 'alert-${alert.name}-${place.suffix}'
    location: 'global'
    tags: place.tags
    properties: {
      description: alert.description
      severity: 2
      enabled: true
      scopes: [alert.scope]
      evaluationFrequency: alert.frequency
      windowSize: alert.window
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: alert.name
            criterionType: 'StaticThresholdCriterion'
            metricName: alert.metric
            dimensions: alert.dimensions
            timeAggregation: alert.aggregation
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
