// The Functions host: takes in uploads, enhances, turns dead letters into rows, sweeps. A container, because decoding needs ffmpeg.

import { identity } from 'identities.bicep'
import { queueNames } from 'names.bicep'

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('What makes names unique, see names.bicep.')
param suffix string
@description('Container Apps environment.')
param environmentId string
@description('Identity that the host runs as.')
param host identity
@description('Host name of the registry.')
param registryServer string
@description('Empty before the first deployment: then the bare runtime starts, and has nothing to do.')
param image string
@description('Settings that both hosts share.')
param settings array
@description('The account where the runtime keeps its leases.')
param runtimeStorageName string
@description('Host name of the Service Bus namespace.')
param busHostName string
@description('What becomes of the channels of a recording.')
@allowed(['Mix', 'Separate'])
param channels string
@description('How it is scaled: by the platform, which reads the triggers, or by rules written here.')
@allowed(['functionapp', 'containerapp'])
param kind string
@description('Service Bus namespace, for the rules.')
param busNamespaceName string
@description('Folder below models/ of the repository whose catalogue is used; empty for the embedded models.')
param models string
@description('At least one, since the timer of Sweep wakes nobody.')
@minValue(1)
param minReplicas int
@description('Replicas at once.')
param maxReplicas int

resource functions 'Microsoft.App/containerApps@2025-07-01' = {
  name: 'ca-functions-${suffix}'
  location: location
  tags: union(tags, { 'azd-service-name': 'functions' })
  kind: kind == 'functionapp' ? 'functionapp' : null
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${host.id}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: [
        {
          server: registryServer
          identity: host.id
        }
      ]
      ingress: {
        external: false // there is no HTTP function, but the platform scales by triggers only where there is ingress
        targetPort: 8080
      }
    }
    template: {
      terminationGracePeriodSeconds: 60
      containers: [
        {
          name: 'functions'
          image: empty(image) ? 'mcr.microsoft.com/azure-functions/dotnet-isolated:4-dotnet-isolated10.0' : image
          resources: {
            // One message of a queue at a time (host.json): a decode of 0.3 GB and an enhancement of 0.4 GB fit side by side, and 4 GiB of disk.
            cpu: json('2.0')
            memory: '4Gi'
          }
          env: concat(settings, [
            { name: 'AZURE_CLIENT_ID', value: host.clientId }
            // Our image says so too. The bare runtime listens on 80, which the probes of the ingress would take for a failed start.
            { name: 'ASPNETCORE_URLS', value: 'http://+:8080' }
            { name: 'FUNCTIONS_EXTENSION_VERSION', value: '~4' }
            { name: 'FUNCTIONS_WORKER_RUNTIME', value: 'dotnet-isolated' }
            { name: 'AzureWebJobsStorage__accountName', value: runtimeStorageName }
            { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
            { name: 'AzureWebJobsStorage__clientId', value: host.clientId }
            { name: 'ServiceBus__fullyQualifiedNamespace', value: busHostName }
            { name: 'ServiceBus__credential', value: 'managedidentity' }
            { name: 'ServiceBus__clientId', value: host.clientId }
            { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'Authorization=AAD;ClientId=${host.clientId}' }
            { name: 'NrSer__Ingest__Channels', value: channels }
            { name: 'NrSer__Audio__MaxSpooledBytes', value: '2147483648' } // an MP4 on the container's small disk
          ], empty(models) ? [] : [
            { name: 'NrSer__Models__CatalogPath', value: '/home/site/wwwroot/models/${models}/catalog.json' }
          ])
        }
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        // A function app's rules are the platform's own. None of these is for a dead-letter queue: the replica that always runs drains those.
        rules: kind == 'functionapp' ? [] : map([queueNames[0], queueNames[1]], queue => {
          name: queue
          custom: {
            type: 'azure-servicebus'
            identity: host.id
            metadata: {
              namespace: busNamespaceName
              queueName: queue
              messageCount: '2'
            }
          }
        })
      }
    }
  }
}

output name string = functions.name
