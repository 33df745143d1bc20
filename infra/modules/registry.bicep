// The images of both hosts. No admin user: the hosts pull with their identities.

import { placement } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Private endpoints need the Premium tier.')
param privateNetwork bool

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: 'crnrser${place.suffix}'
  location: place.location
  tags: place.tags
  sku: {
    name: privateNetwork ? 'Premium' : 'Basic'
  }
  properties: {
    adminUserEnabled: false
    publicNetworkAccess: 'Enabled' // images are pushed from where azd runs, which is outside
  }
}

output name string = registry.name
output id string = registry.id
output loginServer string = registry.properties.loginServer
