using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Says what is to be looked for again, and when: after the longest lock and the longest work, and after a day.</summary>
/// <param name="store">Recordings that were forgotten.</param>
/// <param name="feeds">Podcasts that were forgotten.</param>
/// <param name="queues">The longest lock and the longest work.</param>
/// <param name="options">When to look again.</param>
/// <param name="time">The clock.</param>
public sealed class ForgottenWatch(
    ForgottenStore store, ForgottenFeedStore feeds, IOptions<QueueOptions> queues, IOptions<ForgetOptions> options, TimeProvider time)
{
    private DateTimeOffset _due = DateTimeOffset.MinValue;

    /// <summary>Whether it is time to see what is due; then it is not for a while.</summary>
    public bool IsTime()
    {
        if (time.GetUtcNow() < _due)
            return false;
        _due = time.GetUtcNow() + options.Value.Interval;
        return true;
    }

    /// <summary>Recordings that are due.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<WatchedRecording> RecordingsAsync(CancellationToken cancellationToken) =>
        store.WatchedAsync(cancellationToken).Where(recording => IsDue(recording.Since, recording.IsLast));

    /// <summary>Podcasts that are due.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<WatchedFeed> FeedsAsync(CancellationToken cancellationToken) =>
        feeds.WatchedAsync(cancellationToken).Where(feed => IsDue(feed.Since, feed.IsLast));

    /// <summary>Looks for them no more.</summary>
    /// <param name="recordings">Recordings.</param>
    /// <param name="whole">Podcasts.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task EndAsync(
        IReadOnlyCollection<WatchedRecording> recordings, IReadOnlyCollection<WatchedFeed> whole, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(whole);
        await store.UnwatchAsync(recordings, cancellationToken).ConfigureAwait(false);
        foreach (WatchedFeed feed in whole)
            await feeds.UnwatchAsync(feed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Looks for them once more.</summary>
    /// <param name="recordings">Recordings.</param>
    /// <param name="whole">Podcasts.</param>
    /// <param name="since">When something had come back; null where nothing had.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task GoOnAsync(
        IReadOnlyCollection<WatchedRecording> recordings, IReadOnlyCollection<WatchedFeed> whole, DateTimeOffset? since,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(whole);
        await store.WatchAsync(
            [.. recordings.Select(recording => recording with { IsLast = true, Since = since ?? recording.Since })], cancellationToken)
            .ConfigureAwait(false);
        foreach (WatchedFeed feed in whole)
            await feeds.WatchAsync(feed with { IsLast = true, Since = since ?? feed.Since }, cancellationToken).ConfigureAwait(false);
    }

    private bool IsDue(DateTimeOffset since, bool isLast) =>
        time.GetUtcNow() - since >= (isLast ? options.Value.FinalAfter : queues.Value.LockDuration + queues.Value.LongestWork);
}
