using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>Turns at hosts: so many at once, a pause between them, and patience when a host asks for it; for all machines that share the
/// tables.</summary>
/// <param name="store">Holds the turns.</param>
/// <param name="options">How many, and how long.</param>
/// <param name="time">The clock.</param>
public sealed class HostQueue(HostTurnStore store, IOptions<PodcastOptions> options, TimeProvider time)
{
    private static readonly TimeSpan s_lease = TimeSpan.FromMinutes(2); // a machine that died holds its turns for so long
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500); // while other machines have all turns

    private readonly TimeProvider _time = time;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _own = new(StringComparer.OrdinalIgnoreCase);
    private long _turns;

    /// <summary>Waits for a turn.</summary>
    /// <param name="address">At whose host.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>To be disposed of when the host has been left.</returns>
    /// <exception cref="PodcastException">The host wants more patience than a run has.</exception>
    public async Task<IAsyncDisposable> EnterAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        string host = HostOf(address);
        SemaphoreSlim own = _own.GetOrAdd(host, _ => new SemaphoreSlim(options.Value.PerHost));
        await own.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"{ProcessName.Own} {Interlocked.Increment(ref _turns)}");
            while (true)
            {
                HostTurns turns = await store.FindAsync(host, cancellationToken).ConfigureAwait(false);
                DateTimeOffset now = _time.GetUtcNow();
                HostTurn[] held = [.. turns.Turns.Where(turn => turn.Until > now && !ProcessName.IsGone(turn.Id))];
                TimeSpan wait = turns.NextAt - now ?? TimeSpan.Zero;
                if (wait > options.Value.LongestWait && wait > options.Value.Pause)
                    throw PodcastException.Later($"{host} wants to be left alone until {turns.NextAt:yyyy-MM-dd HH:mm} UTC.", turns.NextAt);
                if (wait <= TimeSpan.Zero && held.Length >= options.Value.PerHost)
                    wait = s_look;
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                var taken = new HostTurns(host, now + options.Value.Pause, [.. held, new HostTurn(id, now + s_lease)], turns.Version);
                if (await store.TryWriteAsync(taken, cancellationToken).ConfigureAwait(false))
                    return new Turn(this, host, id, own);
            }
        }
        catch
        {
            own.Release();
            throw;
        }
    }

    /// <summary>Leaves a host alone for a while.</summary>
    /// <param name="address">The host.</param>
    /// <param name="until">Until then.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public Task PostponeAsync(Uri address, DateTimeOffset until, CancellationToken cancellationToken) =>
        ChangeAsync(HostOf(address), turns => turns.NextAt >= until ? null : turns with { NextAt = until }, cancellationToken);

    /// <summary>Whose turns an address needs; nobody's, if it is none.</summary>
    internal static string HostOf(string? address) => Uri.TryCreate(address, UriKind.Absolute, out Uri? host) ? HostOf(host) : "";

    // http and https of one name are one host
    private static string HostOf(Uri address) =>
        $"{address.IdnHost.Trim('[', ']').ToLowerInvariant()}{(address.IsDefaultPort ? "" : $":{address.Port}")}";

    private async Task ChangeAsync(string host, Func<HostTurns, HostTurns?> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            HostTurns turns = await store.FindAsync(host, cancellationToken).ConfigureAwait(false);
            if (change(turns) is not { } changed || await store.TryWriteAsync(changed, cancellationToken).ConfigureAwait(false))
                return;
        }
    }

    /// <summary>A turn, which is held until it is disposed of.</summary>
    private sealed class Turn : IAsyncDisposable
    {
        private readonly HostQueue _queue;
        private readonly string _host;
        private readonly string _id;
        private readonly SemaphoreSlim _own;
        private readonly CancellationTokenSource _left = new();
        private readonly Task _renewal;

        public Turn(HostQueue queue, string host, string id, SemaphoreSlim own)
        {
            (_queue, _host, _id, _own) = (queue, host, id, own);
            _renewal = RenewAsync();
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                await _left.CancelAsync().ConfigureAwait(false);
                await _renewal.ConfigureAwait(false);
                await _queue.ChangeAsync(_host, turns => turns with { Turns = [.. turns.Turns.Where(turn => turn.Id != _id)] },
                    CancellationToken.None)
                    .ConfigureAwait(false);
            }
            catch (Azure.RequestFailedException)
            {
                // It runs out by itself.
            }
            finally
            {
                _left.Dispose();
                _own.Release();
            }
        }

        private async Task RenewAsync()
        {
            while (true)
            {
                await Task.Delay(s_lease / 3, _queue._time, _left.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (_left.IsCancellationRequested)
                    return;
                try
                {
                    await _queue.ChangeAsync(_host, turns => turns with
                    {
                        Turns = [.. turns.Turns.Where(turn => turn.Id != _id), new HostTurn(_id, _queue._time.GetUtcNow() + s_lease)],
                    }, CancellationToken.None).ConfigureAwait(false);
                }
                catch (Azure.RequestFailedException)
                {
                    // It is tried again before it runs out.
                }
            }
        }
    }
}
