// The images of both hosts. No admin user: the hosts pull with their identities.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('What makes names unique, see names.bicep.')
param suffix string
@description('Private endpoints need the Premium tier.')
param privateNetwork bool

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: 'crnrser${suffix}'
  location: location
  tags: tags
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
