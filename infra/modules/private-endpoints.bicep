// A private address, and the name that leads to it, for every service that holds data.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('What makes names unique, see names.bicep.')
param suffix string
@description('Network that looks names up.')
param networkId string
@description('Subnet of the endpoints.')
param subnetId string
@description('Account with the recordings.')
param workId string
@description('Account with the results.')
param resultsId string
@description('Service Bus namespace.')
param namespaceId string
@description('Registry.')
param registryId string

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
    tags: tags
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
        id: networkId
      }
    }
  }
]

@batchSize(1) // an account takes one such change at a time
resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for endpoint in endpoints: {
    name: 'pe-${endpoint.name}-${suffix}'
    location: location
    tags: tags
    properties: {
      subnet: {
        id: subnetId
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
