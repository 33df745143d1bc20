// Says when a recording arrives. The topic has an identity of its own, which roles.bicep lets send; uploads-subscription.bicep says what is sent.

import { placement } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('The account with the recordings.')
param workName string
@description('Topic that the account has already; empty to make one.')
param existingName string

resource work 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: workName
}

// Named after its source, which cannot be changed: another account gets another topic. An account has one topic at most: what Microsoft Defender
// made when it began to scan the account is taken over under its own name, and gets our identity beside its subscriptions.
resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: empty(existingName) ? 'evgt-${workName}' : existingName
  location: place.location
  tags: place.tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    source: work.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

output name string = topic.name
output id string = topic.id
output principalId string = topic.identity.principalId
