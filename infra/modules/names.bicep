// Every name and number that infrastructure and code share. The code's side is src/NrSer.Pipeline/Storage/StorageNames.cs; a test compares them.

@export()
var queueNames = ['uploads', 'chunks', 'emotions']

@export()
var containerNames = {
  recordings: 'recordings'
  chunks: 'chunks'
  enhanced: 'enhanced'
  results: 'results'
  lostEvents: 'eventgrid-deadletter'
}

@export()
var tableNames = ['recordings', 'chunks', 'segments']

@export()
@description('Attempts before a stage gives up.')
var maxDeliveries = 5

@export()
@description('Deliveries before the service does. More, because it also counts those that ended because a host was stopped.')
var maxServiceDeliveries = 30

@export()
@description('Locks of five minutes, the longest there are; stages renew them.')
var lockMinutes = 5

@export()
@description('Prefix of the metrics, see src/NrSer.Pipeline/PipelineTelemetry.cs.')
var metricPrefix = 'nrser'

@export()
@description('Names of resources that have to be unique in the world end in this.')
func token(environmentName string, subscriptionId string, location string) string =>
  uniqueString(subscriptionId, environmentName, location)
