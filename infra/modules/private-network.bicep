// A network of our own: containers in one subnet; in another a private address, and the name that leads to it, for every service that holds data.

import { placement } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Account with the recordings.')
param workId string
@description('Account with the results.')
param resultsId string
@description('Service Bus namespace.')
param namespaceId string
@description('Registry.')
param registryId string

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-nrser-${place.suffix}'
  location: place.location
  tags: place.tags
  properties: {
    addressSpace: {
      addressPrefixes: ['10.60.0.0/16']
    }
    subnets: [
      {
        name: 'containers'
        properties: {
          addressPrefix: '10.60.0.0/23'
          delegations: [
            {
              name: 'environments'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.60.2.0/24'
        }
      }
    ]
  }

  resource containers 'subnets' existing = {
    name: 'containers'
  }

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

var blobZone = 'privatelink.blob.${environment().suffixes.storage}'
var tableZone = 'privatelink.table.${environment().suffixes.storage}'
var busZone = 'privatelink.servicebus.windows.net'
var registryZone = 'privatelink${environment().suffixes.acrLoginServer}'
var zoneNames = [blobZone, tableZone, busZone, registryZone]
var endpoints = [
  { name: 'work-blob', target: workId, group: 'blob', zone: 0 }
  { name: 'results-blob', target: resultsId, group: 'blob', zone: 0 }
  { name: 'results-table', target: resultsId, group: 'table', zone: 1 }
  { name: 'bus', target: namespaceId, group: 'namespace', zone: 2 }
  { name: 'registry', target: registryId, group: 'registry', zone: 3 }
]

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for name in zoneNames: {
    name: name
    location: 'global'
    tags: place.tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (name, index) in zoneNames: {
    parent: zones[index]
    name: 'nrser'
    location: 'global'
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: network.id
      }
    }
  }
]

@batchSize(1) // an account takes one such change at a time
resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for endpoint in endpoints: {
    name: 'pe-${endpoint.name}-${place.suffix}'
    location: place.location
    tags: place.tags
    properties: {
      subnet: {
        id: network::endpoints.id
      }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: {
            privateLinkServiceId: endpoint.target
            groupIds: [endpoint.group]
          }
        }
      ]
    }
  }
]

resource addresses 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (endpoint, index) in endpoints: {
    parent: privateEndpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: endpoint.group
          properties: {
            privateDnsZoneId: zones[endpoint.zone].id
          }
        }
      ]
    }
  }
]

output networkId string = network.id
output containersSubnetId string = network::containers.id
