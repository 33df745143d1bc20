// The name of the page inside a private network: everything below the environment's domain leads to its address there.

import { placement } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Domain of the environment.')
param domain string
@description('Address of the environment in the network.')
param address string
@description('The network.')
param networkId string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: domain
  location: 'global'
  tags: place.tags

  resource apps 'A' = {
    name: '*'
    properties: {
      ttl: 3600
      aRecords: [
        {
          ipv4Address: address
        }
      ]
    }
  }

  resource link 'virtualNetworkLinks' = {
    name: 'nrser'
    location: 'global'
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: networkId
      }
    }
  }
}
