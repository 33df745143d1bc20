// The queues of names.bicep with their dead-letter queues. Nobody holds a key: local authentication is off.

import { lockMinutes, maxServiceDeliveries, placement, workQueues } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Private endpoints need the Premium tier.')
param privateNetwork bool

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: 'sb-nrser-${place.suffix}'
  location: place.location
  tags: place.tags
  sku: privateNetwork
    ? {
        name: 'Premium'
        tier: 'Premium'
        capacity: 1
      }
    : {
        name: 'Standard' // Basic has no duplicate detection
        tier: 'Standard'
      }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    // Not 'Enabled' with a rule that denies: without a single address rule such a namespace lets everybody in.
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
  }

  resource queues 'queues' = [
    for queue in workQueues: {
      name: queue.name
      properties: {
        lockDuration: 'PT${lockMinutes}M'
        maxDeliveryCount: maxServiceDeliveries
        requiresDuplicateDetection: true
        // A stage that dies between its result and its settlement sends again when its lock has run out: within minutes, not hours.
        duplicateDetectionHistoryTimeWindow: 'PT1H'
        // A message must not expire while an archive waits; should it, that too ends in a row.
        defaultMessageTimeToLive: 'P90D'
        deadLetteringOnMessageExpiration: true
        maxSizeInMegabytes: 5120
      }
    }
  ]

  resource network 'networkRuleSets' = if (privateNetwork) {
    name: 'default'
    properties: {
      defaultAction: 'Deny'
      publicNetworkAccess: 'Disabled'
      trustedServiceAccessEnabled: true // Event Grid delivers from outside. Should it be kept out after all, Sweep finds the uploads
    }
  }
}

output namespaceName string = namespace.name
output namespaceId string = namespace.id
output hostName string = split(replace(namespace.properties.serviceBusEndpoint, 'https://', ''), ':')[0]
