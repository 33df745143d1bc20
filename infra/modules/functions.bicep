// The Functions host: takes in uploads, enhances, turns dead letters into rows, sweeps. A container, because decoding needs ffmpeg.

import { identity } from 'identities.bicep'
import { placement, scaleRules } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
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
@description('What servers of podcasts are told of who asks; empty for the program\'s name alone.')
param podcastUserAgent string
@description('Fetches publishers\' transcripts of podcasts.')
param podcastTranscripts bool
@description('Days that each store keeps what it has, by the name of the code\'s setting; 0 for ever.')
param retentionDays object
@description('How long logs are kept, as a period; empty where that is not decided here.')
param logsKept string
@description('Waits for the verdict of Microsoft Defender\'s malware scan.')
param awaitScan bool
@description('Service Bus namespace, for the rules.')
param busNamespaceName string
@description('Folder below models/ of the repository whose catalogue is used; empty for the embedded models.')
param models string
@description('At least one, since the timer of Sweep wakes nobody.')
@minValue(1)
param minReplicas int
@description('Replicas at once.')
param maxReplicas int

// Named in full, so that a search finds them.
var retention = concat(
  retentionDays.Uploads == 0 ? [] : [{ name: 'NrSer__Retention__Uploads', value: '${retentionDays.Uploads}.00:00:00' }],
  retentionDays.WorkAudio == 0 ? [] : [{ name: 'NrSer__Retention__WorkAudio', value: '${retentionDays.WorkAudio}.00:00:00' }],
  retentionDays.Results == 0 ? [] : [{ name: 'NrSer__Retention__Results', value: '${retentionDays.Results}.00:00:00' }],
  retentionDays.Receipts == 0 ? [] : [{ name: 'NrSer__Retention__Receipts', value: '${retentionDays.Receipts}.00:00:00' }],
  retentionDays.Lake == 0 ? [] : [{ name: 'NrSer__Retention__Lake', value: '${retentionDays.Lake}.00:00:00' }],
  retentionDays.Rows == 0 ? [] : [{ name: 'NrSer__Retention__Rows', value: '${retentionDays.Rows}.00:00:00' }],
  empty(logsKept) ? [] : [{ name: 'NrSer__Forgetting__LogsKept', value: logsKept }]
)

resource functions 'Microsoft.App/containerApps@2025-07-01' = {
  name: 'ca-functions-${place.suffix}'
  location: place.location
  tags: union(place.tags, { 'azd-service-name': 'functions' })
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
          env: concat(settings, retention, [
            { name: 'AZURE_CLIENT_ID', value: host.clientId }
            // Without it every replica takes itself for the only one, and runs the timer: the runtime knows its kin by this name alone.
            { name: 'AzureFunctionsWebHost__hostid', value: 'nrser-${place.suffix}' }
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
            { name: 'NrSer__Ingest__AwaitScan', value: string(awaitScan) }
            { name: 'NrSer__Podcasts__Transcripts', value: string(podcastTranscripts) }
            { name: 'NrSer__Audio__MaxSpooledBytes', value: '2147483648' } // an MP4 on the container's small disk
          ], empty(podcastUserAgent) ? [] : [
            { name: 'NrSer__Podcasts__UserAgent', value: podcastUserAgent }
          ], empty(models) ? [] : [
            { name: 'NrSer__Models__CatalogPath', value: '/home/site/wwwroot/models/${models}/catalog.json' }
          ])
        }
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        // Not kind: functionapp, whose rules are the platform's own: with a user-assigned identity it makes none. And none is for a dead-letter
        // queue: the replica that always runs drains those.
        rules: map(scaleRules('functions', host.id, busNamespaceName, 2), rule => {
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

output name string = functions.name
