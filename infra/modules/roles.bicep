// Who may do what: every role assignment of the deployment, and no other.

import { containerNames, pageTables, workQueues } from 'names.bicep'
import { identity } from 'identities.bicep'

@description('Account with the recordings.')
param workName string
@description('Account with the results.')
param resultsName string
@description('Service Bus namespace.')
param namespaceName string
@description('Registry.')
param registryName string
@description('Application Insights.')
param insightsName string
@description('Identity of the Functions host.')
param functions identity
@description('Identity of the emotion worker.')
param worker identity
@description('Identity of the page.')
param web identity
@description('Identity of the Event Grid topic.')
param topicPrincipalId string
@description('Gives both hosts every right on the queues, for a scaler that asks for more than to receive.')
param scalerOwnsQueues bool
@description('The person who deploys, to use the nrser command with; empty for none.')
param deployerPrincipalId string
@description('What the deployer is.')
param deployerType string

// learn.microsoft.com, Azure built-in roles
var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var storageTableDataReader = '76199698-9eea-4c19-bc75-cec21354c6b6'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var serviceBusDataSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
var serviceBusDataOwner = '090c5cfd-751d-490a-894a-3ce6f1109419'
var serviceBusDataReceiver = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

resource work 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: workName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource recordings 'containers' existing = {
      name: containerNames.recordings
    }

    resource lostEvents 'containers' existing = {
      name: containerNames.lostEvents
    }
  }
}

// The worker reads mixed chunks, and takes back what belongs to a rejected recording. It never hears a recording as it was uploaded. The page makes
// chunks again that somebody wants to hear.
var workerContainers = [containerNames.chunks, containerNames.enhanced]

resource chunkContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' existing = [
  for name in workerContainers: {
    parent: work::blobs
    name: name
  }
]

resource results 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: resultsName

  resource tables 'tableServices' existing = {
    name: 'default'
  }
}

resource writtenTables 'Microsoft.Storage/storageAccounts/tableServices/tables@2024-01-01' existing = [
  for name in pageTables: {
    parent: results::tables
    name: name
  }
]

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: namespaceName

  resource uploads 'queues' existing = {
    name: workQueues[0].name
  }
}

var workerQueueNames = map(filter(workQueues, queue => queue.host == 'worker'), queue => queue.name)

resource workerQueues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for name in workerQueueNames: {
    parent: namespace
    name: name
  }
]

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registryName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// Owner, because the Functions runtime keeps its own leases there.
resource functionsWork 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: work
  name: guid(work.id, functions.id, storageBlobDataOwner)
  properties: {
    principalId: functions.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataOwner)
  }
}

// All queues both ways: Sweep sends events again and looks how old the queues are, and the watchers drain every dead-letter queue.
resource functionsQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [serviceBusDataSender, serviceBusDataReceiver]: {
    scope: namespace
    name: guid(namespace.id, functions.id, role)
    properties: {
      principalId: functions.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource workerChunks 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in workerContainers: {
    scope: chunkContainers[index]
    name: guid(work.id, name, worker.id, storageBlobDataContributor)
    properties: {
      principalId: worker.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    }
  }
]

// The scaler asks a queue for its length with the same identity.
resource workerReceives 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in workerQueueNames: {
    scope: workerQueues[index]
    name: guid(workerQueues[index].id, worker.id, serviceBusDataReceiver)
    properties: {
      principalId: worker.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataReceiver)
    }
  }
]

// Should the scaler be refused with that: with keys it took the right to manage, and what it takes with an identity is written nowhere.
resource hostsOwnQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for host in [functions, worker]: if (scalerOwnsQueues) {
    scope: namespace
    name: guid(namespace.id, host.id, serviceBusDataOwner)
    properties: {
      principalId: host.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataOwner)
    }
  }
]

resource hostsResultBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for host in [functions, worker]: {
    scope: results
    name: guid(results.id, host.id, storageBlobDataContributor)
    properties: {
      principalId: host.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    }
  }
]

resource hostsTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for host in [functions, worker]: {
    scope: results
    name: guid(results.id, host.id, storageTableDataContributor)
    properties: {
      principalId: host.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    }
  }
]

resource hostsImages 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for host in [functions, worker, web]: {
    scope: registry
    name: guid(registry.id, host.id, acrPull)
    properties: {
      principalId: host.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
    }
  }
]

resource hostsTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for host in [functions, worker, web]: {
    scope: insights
    name: guid(insights.id, host.id, monitoringMetricsPublisher)
    properties: {
      principalId: host.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    }
  }
]

// The page reads rows and recordings; it sends no message: what is to be started again, Sweep finds in a table.
resource webRecordings 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: work::blobs::recordings
  name: guid(work::blobs::recordings.id, web.id, storageBlobDataReader)
  properties: {
    principalId: web.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
  }
}

resource webChunks 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in workerContainers: {
    scope: chunkContainers[index]
    name: guid(work.id, name, web.id, storageBlobDataContributor)
    properties: {
      principalId: web.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    }
  }
]

resource webResults 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [storageBlobDataReader, storageTableDataReader]: {
    scope: results
    name: guid(results.id, web.id, role)
    properties: {
      principalId: web.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource webTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in pageTables: {
    scope: writtenTables[index]
    name: guid(results.id, name, web.id, storageTableDataContributor)
    properties: {
      principalId: web.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    }
  }
]

resource topicQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: namespace::uploads
  name: guid(namespace::uploads.id, topicPrincipalId, serviceBusDataSender)
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataSender)
  }
}

resource topicLostEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: work::blobs::lostEvents
  name: guid(work::blobs::lostEvents.id, topicPrincipalId, storageBlobDataContributor)
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

resource deployerRecordings 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  scope: work::blobs::recordings
  name: guid(work::blobs::recordings.id, deployerPrincipalId, storageBlobDataContributor)
  properties: {
    principalId: deployerPrincipalId
    principalType: deployerType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

resource deployerResults 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [storageBlobDataContributor, storageTableDataContributor]: if (!empty(deployerPrincipalId)) {
    scope: results
    name: guid(results.id, deployerPrincipalId, role)
    properties: {
      principalId: deployerPrincipalId
      principalType: deployerType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]
