// The emotion worker: an event-driven job that drains the queue and ends, or an app that stays while there is work.

import { identity } from 'identities.bicep'
import { exampleImage, hostPort, placement, scaleRules, workerRuntimes } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Container Apps environment.')
param environmentId string
@description('Identity that the host runs as.')
param host identity
@description('Host name of the registry.')
param registryServer string
@description('Empty before the first deployment: then a harmless example starts in its place.')
param image string
@description('Settings that both hosts share.')
param settings array
@description('Name of the namespace, which the scaler asks for.')
param busNamespaceName string
@description('Host name of the Service Bus namespace.')
param busHostName string
@allowed(['job', 'app'])
@description('A job is never stopped in its work by scaling; an app keeps its model loaded between messages.')
param kind string
@description('What emotions are recognised on.')
@allowed(['cpu', 'gpu-t4'])
param compute string
@description('Folder below models/ of the repository whose catalogue is used; empty for the embedded models.')
param models string
@description('Workers at once.')
param maxReplicas int

var tags = union(place.tags, { 'azd-service-name': 'worker' }) // azd finds by it which resource takes the image, and whether it is a job
var gpu = compute == 'gpu-t4'
var rules = scaleRules('worker', host.id, busNamespaceName, 4)
var registries = [
  {
    server: registryServer
    identity: host.id
  }
]
var container = {
  name: 'worker'
  resources: gpu
    ? {
        cpu: json('8.0')
        memory: '56Gi'
      }
    : {
        cpu: json('2.0')
        memory: '4Gi'
      }
  env: concat(settings, [
    { name: 'AZURE_CLIENT_ID', value: host.clientId }
    { name: 'ServiceBus__fullyQualifiedNamespace', value: busHostName }
    { name: 'NrSer__Models__ExecutionProvider', value: gpu ? 'Cuda' : 'Cpu' }
    { name: 'NrSer__Worker__ExitWhenIdleFor', value: kind == 'job' ? '00:00:30' : '00:00:00' }
  ], empty(models) ? [] : [
    { name: 'NrSer__Models__CatalogPath', value: '/app/models/${models}/catalog.json' }
  ])
}

resource job 'Microsoft.App/jobs@2025-07-01' = if (kind == 'job') {
  name: 'caj-worker-${place.suffix}'
  location: place.location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${host.id}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: gpu ? 'gpu-t4' : 'Consumption'
    configuration: {
      triggerType: 'Event'
      replicaTimeout: 21600 // seconds; a worker that is stopped then gives its chunk back
      replicaRetryLimit: 0 // the queue retries
      registries: registries
      eventTriggerConfig: {
        parallelism: 1
        replicaCompletionCount: 1
        scale: {
          minExecutions: 0
          maxExecutions: maxReplicas
          pollingInterval: 30
          rules: rules
        }
      }
    }
    template: {
      containers: [union(container, { image: empty(image) ? 'mcr.microsoft.com/k8se/quickstart-jobs:latest' : image })]
    }
  }
}

resource app 'Microsoft.App/containerApps@2025-07-01' = if (kind == 'app') {
  name: 'ca-worker-${place.suffix}'
  location: place.location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${host.id}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: gpu ? 'gpu-t4' : 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: registries
    }
    template: {
      terminationGracePeriodSeconds: 60 // the worker gives its chunk back within 25
      containers: [
        union(container, {
          image: empty(image) ? exampleImage : image
          probes: [
            {
              type: 'Startup' // a GPU node takes its time; after ten minutes the replica is given up instead of being paid for
              httpGet: {
                path: '/healthz'
                port: hostPort
              }
              periodSeconds: 10
              failureThreshold: 60
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/healthz'
                port: hostPort
              }
              periodSeconds: 60
              failureThreshold: 3
            }
          ]
        })
      ]
      scale: {
        minReplicas: 0
        maxReplicas: maxReplicas
        pollingInterval: 30
        cooldownPeriod: 300
        rules: map(rules, rule => {
          name: rule.name
          custom: {
            type: rule.type
            identity: rule.identity
            metadata: rule.metadata
          }
        })
      }
    }
  }
}

output name string = kind == 'job' ? job.name : app.name
output runtimeImage string = workerRuntimes[compute]
