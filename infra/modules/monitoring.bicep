// Where telemetry goes. Ingestion takes Entra ID tokens only, so the connection string in the hosts' settings is an address and no secret.

import { placement } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Days that logs are kept.')
param logDays int

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-nrser-${place.suffix}'
  location: place.location
  tags: place.tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: logDays
    features: {
      disableLocalAuth: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-nrser-${place.suffix}'
  location: place.location
  tags: place.tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

output workspaceId string = workspace.id
output workspaceGuid string = workspace.properties.customerId
output insightsName string = insights.name
output insightsAddress string = insights.properties.ConnectionString
