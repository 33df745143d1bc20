// Where both hosts run. Logs go through Azure Monitor, because the direct way would need the workspace's key.

import { placement } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Log Analytics workspace.')
param workspaceId string
@description('Adds a profile with an NVIDIA T4, which is paid for only while a container runs on it.')
param gpu bool
@description('Subnet of the containers; empty for one of the platform.')
param subnetId string

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: 'cae-nrser-${place.suffix}'
  location: place.location
  tags: place.tags
  properties: {
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    workloadProfiles: concat(
      [
        {
          name: 'Consumption'
          workloadProfileType: 'Consumption'
        }
      ],
      gpu
        ? [
            {
              name: 'gpu-t4'
              workloadProfileType: 'Consumption-GPU-NC8as-T4'
            }
          ]
        : []
    )
    vnetConfiguration: empty(subnetId)
      ? null
      : {
          infrastructureSubnetId: subnetId
          internal: true
        }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: environment
  name: 'logs'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

output id string = environment.id
output name string = environment.name
output domain string = environment.properties.defaultDomain
output address string = environment.properties.staticIp
