using NrSer.Pipeline.Podcasts.Web;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Goes through many feeds at once, and of one host through a few: those of a dead one leave room for others.</summary>
public static class FeedsByHost
{
    private const int AtOnce = 64;
    private const int AtOnceOfAHost = 16; // PodcastOptions.PerHost is no more

    /// <summary>Does something for every feed.</summary>
    /// <param name="feeds">Which.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="work">What.</param>
    /// <param name="cancellationToken">Stops it, as an exception of any does.</param>
    public static async Task ForEachAsync<T>(
        IEnumerable<T> feeds, Func<T, string?> address, Func<T, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feeds);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(work);
        T[][] hosts = [.. feeds.GroupBy(feed => HostQueue.HostOf(address(feed))).Select(host => host.ToArray())];
        using var room = new SemaphoreSlim(AtOnce);
        await Parallel.ForEachAsync(hosts, Degree(hosts.Length, cancellationToken), async (host, stopped) =>
            await Parallel.ForEachAsync(host, Degree(AtOnceOfAHost, stopped), async (feed, token) =>
            {
                await room.WaitAsync(token).ConfigureAwait(false);
                try
                {
                    await work(feed, token).ConfigureAwait(false);
                }
                finally
                {
                    room.Release();
                }
            }).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private static ParallelOptions Degree(int most, CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = Math.Max(1, most), CancellationToken = cancellationToken };
}
