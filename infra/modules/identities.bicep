// Who the hosts are. What they may do is in roles.bicep.

import { placement } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement

resource functions 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-functions-${place.suffix}'
  location: place.location
  tags: place.tags
}

resource worker 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-worker-${place.suffix}'
  location: place.location
  tags: place.tags
}

resource web 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-web-${place.suffix}'
  location: place.location
  tags: place.tags
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
output web identity = {
  id: web.id
  clientId: web.properties.clientId
  principalId: web.properties.principalId
}

@export()
@description('A user-assigned identity: its resource, its id for tokens, its id for roles.')
type identity = {
  id: string
  clientId: string
  principalId: string
}
