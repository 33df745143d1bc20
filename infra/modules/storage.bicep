// Two accounts, so that whoever may see results need not be able to hear recordings. Both refuse keys unless one is asked for.

import { containerNames, placement, tableNames } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Days after which the host deletes decoded and enhanced audio, and a rule lost events. A later retry decodes again.')
param workDays int
@description('Days after which the host deletes recordings; 0 keeps them.')
param recordingDays int
@description('Days after which the host deletes Parquet files of single recordings; 0 keeps them.')
param resultDays int
@description('Lets keys be used on the results account, for tools that know nothing else. A key can write, too.')
param resultsAccountKeys bool
@description('Closes the accounts to the internet.')
param privateNetwork bool

// Rules report nothing before they delete, and know nothing of recordings that are still open: they are for what Sweep, which does both, missed.
var backstopDays = 7
// Of audio that waits to be heard, a week more than its message lives.
var waitingDays = 97

var common = {
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  allowBlobPublicAccess: false
  allowCrossTenantReplication: false
  defaultToOAuthAuthentication: true
  publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
  networkAcls: {
    bypass: 'AzureServices' // Event Grid reads nothing, but writes lost events there
    defaultAction: privateNetwork ? 'Deny' : 'Allow'
  }
}

resource work 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'stwork${place.suffix}'
  location: place.location
  tags: place.tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: union(common, {
    allowSharedKeyAccess: false
  })

  resource blobs 'blobServices' = {
    name: 'default'

    resource containers 'containers' = [
      for name in [
        containerNames.recordings
        containerNames.chunks
        containerNames.enhanced
        containerNames.keys
        containerNames.lostEvents
      ]: {
        name: name
      }
    ]
  }

  resource retention 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: concat(
          [
            {
              name: 'work'
              type: 'Lifecycle'
              definition: {
                filters: {
                  blobTypes: ['blockBlob']
                  prefixMatch: ['${containerNames.chunks}/', '${containerNames.enhanced}/']
                }
                actions: {
                  baseBlob: {
                    delete: {
                      daysAfterModificationGreaterThan: workDays + waitingDays
                    }
                  }
                }
              }
            }
            {
              name: 'lost-events' // which nobody else deletes
              type: 'Lifecycle'
              definition: {
                filters: {
                  blobTypes: ['blockBlob']
                  prefixMatch: ['${containerNames.lostEvents}/']
                }
                actions: {
                  baseBlob: {
                    delete: {
                      daysAfterModificationGreaterThan: workDays
                    }
                  }
                }
              }
            }
          ],
          recordingDays == 0
            ? []
            : [
                {
                  name: 'recordings'
                  type: 'Lifecycle'
                  definition: {
                    filters: {
                      blobTypes: ['blockBlob']
                      prefixMatch: ['${containerNames.recordings}/']
                    }
                    actions: {
                      baseBlob: {
                        delete: {
                          daysAfterModificationGreaterThan: recordingDays + backstopDays
                        }
                      }
                    }
                  }
                }
              ]
        )
      }
    }
  }
}

resource results 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'stres${place.suffix}'
  location: place.location
  tags: place.tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: union(common, {
    allowSharedKeyAccess: resultsAccountKeys
  })

  resource blobs 'blobServices' = {
    name: 'default'

    resource container 'containers' = {
      name: containerNames.results
    }
  }

  resource retention 'managementPolicies' = if (resultDays > 0) {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: 'results'
            type: 'Lifecycle'
            definition: {
              filters: {
                blobTypes: ['blockBlob']
                prefixMatch: ['${containerNames.results}/segments/']
              }
              actions: {
                baseBlob: {
                  delete: {
                    daysAfterModificationGreaterThan: resultDays + backstopDays
                  }
                }
              }
            }
          }
        ]
      }
    }
  }

  resource tables 'tableServices' = {
    name: 'default'

    resource table 'tables' = [
      for name in tableNames: {
        name: name
      }
    ]
  }
}

output workName string = work.name
output workId string = work.id
output blobEndpoint string = work.properties.primaryEndpoints.blob
output resultsName string = results.name
output resultsId string = results.id
output resultsBlobEndpoint string = results.properties.primaryEndpoints.blob
output tableEndpoint string = results.properties.primaryEndpoints.table
