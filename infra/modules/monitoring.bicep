// Where telemetry goes. Ingestion takes Entra ID tokens only, so the connection string in the hosts' settings is an address and no secret.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('What makes names unique, see names.bicep.')
param suffix string
@description('Days that logs are kept.')
param logDays int

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-nrser-${suffix}'
  location: location
  tags: tags
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
  name: 'appi-nrser-${suffix}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

output workspaceId string = workspace.id
output workspaceName string = workspace.name
output insightsId string = insights.id
output insightsName string = insights.name
output insightsAddress string = insights.properties.ConnectionString
