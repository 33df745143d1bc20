// The page of what was heard, and its API. It sleeps while nobody looks, and nobody reaches it who has not signed in.

import { identity } from 'identities.bicep'
import { exampleImage, hostPort, placement } from 'names.bicep'

@description('Where, with which tags and names.')
param place placement
@description('Container Apps environment.')
param environmentId string
@description('Domain of the environment, which the app\'s name stands before.')
param environmentDomain string
@description('Identity that the host runs as, and that the registration believes in place of a secret. Of this app alone.')
param host identity
@description('Host name of the registry.')
param registryServer string
@description('Empty before the first deployment: then a harmless example starts in its place.')
param image string
@description('Settings that all hosts share.')
param settings array
@description('Folder below models/ of the repository whose catalogue is used; empty for the embedded models.')
param models string
@description('Application registration by which people sign in; empty for none, and then nothing leads to the app.')
param clientId string
@description('Domains of one\'s own that lead to the app, with commas between them.')
param domains string

var name = 'ca-web-${place.suffix}'

resource web 'Microsoft.App/containerApps@2025-07-01' = {
  name: name
  location: place.location
  tags: union(place.tags, { 'azd-service-name': 'web' })
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${host.id}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: [
        {
          server: registryServer
          identity: host.id
        }
      ]
      // No secret: the platform's sign-in takes this name as the word to vouch by the identity of that id.
      secrets: [
        {
          name: 'override-use-mi-fic-assertion-client-id'
          #disable-next-line use-secure-value-for-secure-inputs
          value: host.clientId
        }
      ]
      ingress: empty(clientId)
        ? null
        : {
            external: true
            allowInsecure: false
            targetPort: hostPort // whatever the image: azd changes that alone
            transport: 'http'
          }
    }
    template: {
      containers: [
        {
          name: 'web'
          image: empty(image) ? exampleImage : image
          resources: {
            cpu: json('1.0') // enhances a chunk at a time, where somebody wants to hear it again
            memory: '2Gi'
          }
          env: concat(settings, [
            { name: 'AZURE_CLIENT_ID', value: host.clientId }
            { name: 'NrSer__Web__PlatformAuthentication', value: string(!empty(clientId)) }
            { name: 'NrSer__Web__Domains', value: domains }
          ], empty(models) ? [] : [
            { name: 'NrSer__Models__CatalogPath', value: '/app/models/${models}/catalog.json' }
          ])
          probes: [
            {
              type: 'Liveness'
              httpGet: {
                path: '/healthz'
                port: hostPort
              }
              periodSeconds: 30
              failureThreshold: 3
            }
          ]
        }
      ]
      scale: {
        minReplicas: 0
        maxReplicas: 1 // what is being decoded again, one process knows
      }
    }
  }

  resource signIn 'authConfigs' = if (!empty(clientId)) {
    name: 'current'
    properties: {
      platform: {
        enabled: true
      }
      globalValidation: {
        unauthenticatedClientAction: 'RedirectToLoginPage'
        redirectToProvider: 'azureactivedirectory'
      }
      httpSettings: {
        requireHttps: true
      }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: clientId
            clientSecretSettingName: 'override-use-mi-fic-assertion-client-id'
            openIdIssuer: '${az.environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: {
            allowedAudiences: [
              'api://${clientId}'
            ]
          }
        }
      }
    }
  }
}

output name string = web.name
output address string = 'https://${name}.${environmentDomain}'
