// Where telemetry goes. Ingestion takes Entra ID tokens only, so the connection string in the hosts' settings is an address and no secret.

import { placement } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Days that logs are kept.')
param logDays int
@description('Resource id of a workspace that is there already, which keeps logs as long as it does; empty to make one.')
param existingWorkspaceId string

var existingPath = split(empty(existingWorkspaceId) ? '////////' : existingWorkspaceId, '/') // /subscriptions/…/resourceGroups/…/providers/…/workspaces/…

resource existingWorkspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = if (!empty(existingWorkspaceId)) {
  scope: resourceGroup(existingPath[2], existingPath[4])
  name: existingPath[8]
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = if (empty(existingWorkspaceId)) {
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
    WorkspaceResourceId: empty(existingWorkspaceId) ? workspace.id : existingWorkspaceId
    DisableLocalAuth: true
  }
}

output workspaceId string = empty(existingWorkspaceId) ? workspace.id : existingWorkspaceId
output workspaceGuid string = empty(existingWorkspaceId) ? workspace!.properties.customerId : existingWorkspace!.properties.customerId
output insightsName string = insights.name
output insightsAddress string = insights.properties.ConnectionString
