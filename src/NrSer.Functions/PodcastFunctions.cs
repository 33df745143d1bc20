using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Storage;
using NrSer.ServiceBus;

namespace NrSer.Functions;

/// <summary>Follow podcasts: what <c>nrser podcast sync</c> does on a laptop.</summary>
/// <param name="follow">Reads feeds.</param>
/// <param name="fetch">Fetches episodes.</param>
/// <param name="lease">Keeps a second host from the timer.</param>
/// <param name="settlement">Settles the messages.</param>
public sealed class PodcastFunctions(FollowFeeds follow, EpisodeFetch fetch, BlobLease lease, TriggerSettlement settlement)
{
    private const string EveryMinute = "30 * * * * *"; // beside the lake's

    /// <summary>Reads the feeds that are due and asks for what is new.</summary>
    /// <param name="timer">The schedule.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function(nameof(FollowFeeds))]
    public Task FollowAsync([TimerTrigger(EveryMinute)] TimerInfo timer, CancellationToken cancellationToken) =>
        lease.RunAloneAsync(nameof(FollowFeeds), follow.RunAsync, cancellationToken);

    /// <summary>Fetches one episode.</summary>
    /// <param name="message">The message.</param>
    /// <param name="actions">Settles it.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function("FetchEpisode")]
    public Task FetchAsync(
        [ServiceBusTrigger(StorageNames.DownloadsQueue, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.RunAsync(StorageNames.DownloadsQueue, message, actions, fetch.RunAsync, cancellationToken);

    /// <summary>Handles an episode that was given up.</summary>
    /// <inheritdoc cref="FetchAsync" path="/param"/>
    [Function("FailEpisode")]
    public Task FailAsync(
        [ServiceBusTrigger(StorageNames.DownloadsQueue + DeadLetterFunctions.Suffix, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.DrainDeadLetterAsync(StorageNames.DownloadsQueue, message, actions, cancellationToken);
}
