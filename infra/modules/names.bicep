// Every name and number that infrastructure and code share. The code's side is src/NrSer.Pipeline/Storage/StorageNames.cs; a test compares them.

@export()
@description('Region, tags of every resource, and what names that have to be unique in the world end in.')
type placement = {
  location: string
  tags: object
  suffix: string
}

@export()
@description('Queues in the order of the flow, two a stage, and the host that each one scales. A further queue is one more line here.')
var workQueues = [
  { name: 'uploads', host: 'functions' }
  { name: 'uploads-bulk', host: 'functions' }
  { name: 'chunks', host: 'functions' }
  { name: 'chunks-bulk', host: 'functions' }
  { name: 'emotions', host: 'worker' }
  { name: 'emotions-bulk', host: 'worker' }
  { name: 'downloads', host: 'functions' }
]

@export()
@description('What says that a host needs more replicas: messages of its queues. A locked message still counts, so some find nothing and end.')
func scaleRules(host string, identityId string, namespaceName string, messagesPerReplica int) object[] =>
  map(filter(workQueues, queue => queue.host == host), queue => {
    name: queue.name
    type: 'azure-servicebus'
    identity: identityId
    metadata: {
      namespace: namespaceName
      queueName: queue.name
      messageCount: string(messagesPerReplica)
    }
  })

@export()
var containerNames = {
  recordings: 'recordings'
  chunks: 'chunks'
  enhanced: 'enhanced'
  results: 'results'
  keys: 'keys'
  lostEvents: 'eventgrid-deadletter'
}

@export()
var tableNames = ['recordings', 'chunks', 'segments', 'uploads', 'openwork', 'lakepending', 'feeds', 'episodes', 'forgotten']

@export()
@description('Tables that the page writes to: what is to be started again or forgotten, and what audio it made again.')
var pageTables = ['recordings', 'openwork', 'forgotten']

@export()
@description('Attempts before a stage gives up.')
var maxDeliveries = 5

@export()
@description('Deliveries before the service does: more than any outage or series of deployments takes, since it counts those too. The most there are.')
var maxServiceDeliveries = 2000

@export()
@description('Locks of five minutes, the longest there are; stages renew them.')
var lockMinutes = 5

@export()
@description('Bases of the worker\'s image, as its Dockerfile names them.')
var workerRuntimes = {
  cpu: 'mcr.microsoft.com/dotnet/aspnet:10.0.12-noble-chiseled'
  'gpu-t4': 'nvcr.io/nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04'
}

@export()
@description('Where the worker and the page listen, as their Dockerfiles say.')
var hostPort = 8080

@export()
@description('What starts in the place of an app before its image is built: a public example that listens on the same port.')
var exampleImage = 'mcr.microsoft.com/dotnet/samples:aspnetapp'

@export()
@description('Prefix of the metrics, see src/NrSer.Pipeline/PipelineTelemetry.cs.')
var metricPrefix = 'nrser'

@export()
@description('The suffix of an environment.')
func token(environmentName string, subscriptionId string, location string) string =>
  uniqueString(subscriptionId, environmentName, location)
