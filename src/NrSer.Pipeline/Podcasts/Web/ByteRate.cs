using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>Holds all downloads of this process together to so many bytes a second.</summary>
/// <param name="options">How many.</param>
/// <param name="time">The clock.</param>
public sealed class ByteRate(IOptions<PodcastOptions> options, TimeProvider time)
{
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromDays(1); // a timer takes no more than 49

    private readonly Lock _lock = new();
    private DateTimeOffset _freeAt;

    /// <summary>Waits until bytes that came are accounted for.</summary>
    internal async Task PassAsync(int bytes, CancellationToken cancellationToken)
    {
        if (options.Value.BytesPerSecond == 0)
            return;
        TimeSpan wait;
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            _freeAt = (_freeAt > now ? _freeAt : now) + TimeSpan.FromSeconds(bytes / (double)options.Value.BytesPerSecond);
            wait = _freeAt - now;
        }

        for (; wait > s_longestDelay; wait -= s_longestDelay)
            await Task.Delay(s_longestDelay, time, cancellationToken).ConfigureAwait(false);
        await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
    }
}
