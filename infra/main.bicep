// Everything that NrSer needs in Azure. `azd up` deploys it; README.md says what it costs and where each known pain of such systems is dealt with.
targetScope = 'subscription'

import { lockMinutes, maxDeliveries, placement, token, workQueues } from 'modules/names.bicep'

@minLength(1)
@maxLength(40)
@description('Name of the environment, which names the resource group.')
param environmentName string

@description('Region. With emotionCompute gpu-t4 one that has NVIDIA T4 on Container Apps, such as swedencentral, westeurope, eastus or westus3.')
@metadata({ azd: { type: 'location' } }) // azd offers those of the subscription
param location string

@description('The person or pipeline that deploys: may upload recordings and read results with the nrser command. Empty for nobody.')
param principalId string = ''

@allowed(['', 'User', 'ServicePrincipal'])
@description('What principalId is; empty for what the deployment says of who deploys.')
param principalType string = ''

@description('Image of the Functions host; empty before it was built.')
param functionsImage string = ''

@description('Image of the emotion worker; empty before it was built.')
param workerImage string = ''

@description('Image of the page; empty before it was built.')
param webImage string = ''

@description('Application registration by which people sign in to the page, as the hook register-page.sh makes it; empty for none, and no way to the page.')
param webClientId string = ''

@description('Domains of one\'s own that lead to the page, with commas between them.')
param webDomains string = ''

@maxLength(90)
@description('Resource group, which is made if it is not there; empty for rg- and the name of the environment.')
param resourceGroupName string = ''

@maxLength(13)
@description('What names end in that have to be unique in the world, lower-case letters and digits; empty for a hash of environment, subscription and region.')
param nameSuffix string = ''

@description('Resource id of a Log Analytics workspace that is there already; empty to make one.')
param logWorkspaceId string = ''

@allowed(['job', 'app'])
@description('The worker as an event-driven job, which scaling never stops in mid-work, or as an app, which keeps its model loaded between messages.')
param emotionHost string = 'job'

@allowed(['cpu', 'gpu-t4'])
@description('What emotions are recognised on. The embedded models need no GPU, and quota for GPUs often has to be asked for first.')
param emotionCompute string = 'cpu'

@minValue(1)
@maxValue(300)
@description('Emotion workers at once.')
param emotionWorkers int = 10

@minValue(1)
@maxValue(300)
@description('Functions containers at once. One enhances a chunk of five minutes at a time.')
param functionsReplicas int = 10

@minValue(1)
@maxValue(10)
@description('Functions containers that always run. Sweep needs one.')
param functionsMinReplicas int = 1

@description('Folder below models/ of the repository, with models of your own and their catalog.json, that both images carry; empty for the embedded ones.')
param models string = ''

@allowed(['Mix', 'Separate'])
@description('Channels mixed to mono, or each for itself, as in calls with one speaker on each.')
param channels string = 'Mix'

@minValue(1)
@maxValue(365)
@description('Days after which decoded and enhanced audio is deleted.')
param workDays int = 7

@minValue(0)
@maxValue(3650)
@description('Days after which uploaded recordings are deleted; 0 keeps them.')
param recordingDays int = 0

@minValue(0)
@maxValue(36500)
@description('Days after which Parquet files and segments of single recordings are deleted; 0 keeps them. The lake may keep them no longer.')
param resultDays int = 0

@minValue(0)
@maxValue(36500)
@description('Days after which receipts are deleted; 0 keeps them.')
param receiptDays int = 0

@minValue(0)
@maxValue(36500)
@description('Days after which rows in the lake are deleted; 0 keeps them.')
param lakeDays int = 0

@minValue(0)
@maxValue(36500)
@description('Days after which rows of tables are deleted; 0 keeps them. Needs all the others set, and none longer.')
param rowDays int = 0

@minValue(30)
@maxValue(730)
@description('Days that logs and metrics are kept.')
param logDays int = 30

@description('Lets keys be used on the results account, for Power BI\'s table connector. A key can write, too: leave it off and read Parquet if you can.')
param resultsAccountKeys bool = false

@description('''Closes storage to the internet and reaches it, the queues and the images by private endpoints. Needs Service Bus Premium (about 680 dollars a
month) and registry Premium (about 50): most of what such a deployment costs. Recordings are then uploaded from inside the network.''')
param privateNetwork bool = false

@description('Gives both hosts every right on the queues. Only if workers do not start although their queue fills: the scaler then asks for more.')
param scalerOwnsQueues bool = false

@description('Leaves every recording alone until Microsoft Defender\'s malware scan, which is not switched on here, found nothing in it.')
param awaitScan bool = false

@description('Event Grid system topic that the account with the recordings has already, as where Microsoft Defender scans it; empty to make one.')
param uploadsTopic string = ''

@maxLength(256)
@description('What servers of podcasts are told of who asks, with a contact; empty for the program\'s name alone.')
param podcastUserAgent string = ''

@description('Fetches publishers\' transcripts of podcasts and joins them to segments: they are somebody\'s words.')
param podcastTranscripts bool = false

@description('Who is told of failures, long queues, lost events and spending; empty for nobody.')
param alertEmail string = ''

@minValue(1)
@maxValue(24)
@description('Hours that the oldest message may wait before somebody is told.')
param queueAgeHours int = 6

@minValue(0)
@description('Spending a month, in the currency of the subscription, at 80 % of which somebody is told. Nothing is switched off. 0 for no budget: some subscriptions allow none.')
param monthlyBudget int = 200

@description('First day of the budget\'s first month, which stays once it is deployed: azd keeps it in its environment. Empty for this month.')
param budgetStart string = ''

@description('Not to be set: the month of the deployment.')
param thisMonth string = utcNow('yyyy-MM-01')

var firstMonth = empty(budgetStart) ? thisMonth : budgetStart
var place placement = {
  location: location
  tags: { 'azd-env-name': environmentName }
  suffix: empty(nameSuffix) ? token(environmentName, subscription().subscriptionId, location) : nameSuffix
}

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: empty(resourceGroupName) ? 'rg-${environmentName}' : resourceGroupName
  location: location
  tags: place.tags
}

module identities 'modules/identities.bicep' = {
  scope: group
  params: {
    place: place
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    place: place
    workDays: workDays
    recordingDays: recordingDays
    resultDays: resultDays
    resultsAccountKeys: resultsAccountKeys
    privateNetwork: privateNetwork
  }
}

module bus 'modules/servicebus.bicep' = {
  scope: group
  params: {
    place: place
    privateNetwork: privateNetwork
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    place: place
    logDays: logDays
    existingWorkspaceId: logWorkspaceId
  }
}

module registry 'modules/registry.bicep' = {
  scope: group
  params: {
    place: place
    privateNetwork: privateNetwork
  }
}

module topic 'modules/uploads-topic.bicep' = {
  scope: group
  params: {
    place: place
    workName: storage.outputs.workName
    existingName: uploadsTopic
  }
}

module roles 'modules/roles.bicep' = {
  scope: group
  params: {
    workName: storage.outputs.workName
    resultsName: storage.outputs.resultsName
    namespaceName: bus.outputs.namespaceName
    registryName: registry.outputs.name
    insightsName: monitoring.outputs.insightsName
    functions: identities.outputs.functions
    worker: identities.outputs.worker
    web: identities.outputs.web
    topicPrincipalId: topic.outputs.principalId
    deployerPrincipalId: principalId
    deployerType: empty(principalType) ? (empty(deployer().?userPrincipalName) ? 'ServicePrincipal' : 'User') : principalType
    scalerOwnsQueues: scalerOwnsQueues
  }
}

module subscription_ 'modules/uploads-subscription.bicep' = {
  scope: group
  name: 'uploads-subscription'
  // Event Grid tries the queue and the container when the subscription is made, and roles take minutes to arrive: the environment takes those too.
  dependsOn: [roles, environment]
  params: {
    topicName: topic.outputs.name
    workId: storage.outputs.workId
    namespaceName: bus.outputs.namespaceName
    queueName: workQueues[0].name
  }
}

module network 'modules/private-network.bicep' = if (privateNetwork) {
  scope: group
  params: {
    place: place
    workId: storage.outputs.workId
    resultsId: storage.outputs.resultsId
    namespaceId: bus.outputs.namespaceId
    registryId: registry.outputs.id
  }
}

module environment 'modules/environment.bicep' = {
  scope: group
  params: {
    place: place
    workspaceId: monitoring.outputs.workspaceId
    gpu: emotionCompute == 'gpu-t4'
    subnetId: network.?outputs.containersSubnetId ?? ''
  }
}

var logsKept = empty(logWorkspaceId) ? '${logDays}.00:00:00' : '' // whose workspace it is decides

module domain 'modules/private-domain.bicep' = if (privateNetwork) {
  scope: group
  params: {
    place: place
    domain: environment.outputs.domain
    address: environment.outputs.address
    networkId: network!.outputs.networkId
  }
}

// What all hosts read; the names are those of the code's options.
var settings = [
  { name: 'NrSer__Storage__BlobEndpoint', value: storage.outputs.blobEndpoint }
  { name: 'NrSer__Storage__ResultsBlobEndpoint', value: storage.outputs.resultsBlobEndpoint }
  { name: 'NrSer__Storage__TableEndpoint', value: storage.outputs.tableEndpoint }
  { name: 'NrSer__Queues__LockDuration', value: '00:0${lockMinutes}:00' }
  { name: 'NrSer__Queues__MaxDeliveries', value: string(maxDeliveries) }
  { name: 'NrSer__Queues__RetryDelay', value: '00:00:20' } // five attempts within some minutes: long enough for a service to come back
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: monitoring.outputs.insightsAddress }
]

module functions 'modules/functions.bicep' = {
  scope: group
  dependsOn: [roles]
  params: {
    place: place
    environmentId: environment.outputs.id
    host: identities.outputs.functions
    registryServer: registry.outputs.loginServer
    image: functionsImage
    settings: settings
    runtimeStorageName: storage.outputs.workName
    busHostName: bus.outputs.hostName
    channels: channels
    retentionDays: {
      Uploads: recordingDays
      WorkAudio: workDays
      Results: resultDays
      Receipts: receiptDays
      Lake: lakeDays
      Rows: rowDays
    }
    logsKept: logsKept
    awaitScan: awaitScan
    podcastUserAgent: podcastUserAgent
    podcastTranscripts: podcastTranscripts
    busNamespaceName: bus.outputs.namespaceName
    models: models
    minReplicas: functionsMinReplicas
    maxReplicas: functionsReplicas
  }
}

module worker 'modules/worker.bicep' = {
  scope: group
  dependsOn: [roles]
  params: {
    place: place
    environmentId: environment.outputs.id
    host: identities.outputs.worker
    registryServer: registry.outputs.loginServer
    image: workerImage
    settings: settings
    busNamespaceName: bus.outputs.namespaceName
    busHostName: bus.outputs.hostName
    kind: emotionHost
    compute: emotionCompute
    models: models
    maxReplicas: emotionWorkers
  }
}

module web 'modules/web.bicep' = {
  scope: group
  dependsOn: [roles]
  params: {
    place: place
    environmentId: environment.outputs.id
    environmentDomain: environment.outputs.domain
    host: identities.outputs.web
    registryServer: registry.outputs.loginServer
    image: webImage
    settings: settings
    models: models
    clientId: webClientId
    domains: webDomains
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    place: place
    workspaceId: monitoring.outputs.workspaceId
    topicId: topic.outputs.id
    namespaceId: bus.outputs.namespaceId
    email: alertEmail
    queueAgeHours: queueAgeHours
    monthlyBudget: monthlyBudget
    budgetStart: firstMonth
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.loginServer
output AZURE_CONTAINER_REGISTRY_NAME string = registry.outputs.name
output AZURE_CONTAINER_APPS_ENVIRONMENT_ID string = environment.outputs.id
output AZURE_CONTAINER_APPS_ENVIRONMENT_NAME string = environment.outputs.name
output SERVICE_FUNCTIONS_NAME string = functions.outputs.name
output SERVICE_WORKER_NAME string = worker.outputs.name
output SERVICE_WEB_NAME string = web.outputs.name
output SERVICE_WEB_URI string = web.outputs.address
output NRSER_BLOB_ENDPOINT string = storage.outputs.blobEndpoint
output NRSER_RESULTS_BLOB_ENDPOINT string = storage.outputs.resultsBlobEndpoint
output NRSER_TABLE_ENDPOINT string = storage.outputs.tableEndpoint
output NRSER_WORK_ACCOUNT string = storage.outputs.workName
output NRSER_RESULTS_ACCOUNT string = storage.outputs.resultsName
output NRSER_FUNCTIONS_NAME string = functions.outputs.name
output NRSER_WORKER_NAME string = worker.outputs.name
output NRSER_WEB_NAME string = web.outputs.name
output NRSER_WEB_ADDRESS string = web.outputs.address
output NRSER_WEB_PRINCIPAL_ID string = identities.outputs.web.principalId
output NRSER_WORKER_RUNTIME string = worker.outputs.runtimeImage
output NRSER_LOGS_KEPT string = logsKept
output NRSER_LOG_WORKSPACE string = monitoring.outputs.workspaceGuid
output NRSER_BUDGET_START string = firstMonth
