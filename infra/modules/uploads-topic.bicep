// Says when a recording arrives. The topic has an identity of its own, which roles.bicep lets send; uploads-subscription.bicep says what is sent.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('The account with the recordings.')
param workName string

resource work 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: workName
}

// Named after its source, which cannot be changed: another account gets another topic.
resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgt-${workName}'
  location: location
  tags: tags
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
