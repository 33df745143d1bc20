// Who the hosts are. What they may do is in roles.bicep.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('What makes names unique, see names.bicep.')
param suffix string

resource functions 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-functions-${suffix}'
  location: location
  tags: tags
}

resource worker 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-worker-${suffix}'
  location: location
  tags: tags
}

output functions identity = {
  id: functions.id
  clientId: functions.properties.clientId
  principalId: functions.properties.principalId
}
output worker identity = {
  id: worker.id
  clientId: worker.properties.clientId
  principalId: worker.properties.principalId
}

@export()
@description('A user-assigned identity: its resource, its id for tokens, its id for roles.')
type identity = {
  id: string
  clientId: string
  principalId: string
}
