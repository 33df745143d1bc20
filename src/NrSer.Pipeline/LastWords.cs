namespace NrSer.Pipeline;

/// <summary>How long a host that stops goes on saying what became of its work: as long as a service takes that answers, and no longer, since locks
/// and leases run out by themselves where none does.</summary>
internal sealed class LastWords : IDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _end = new();
    private readonly CancellationTokenRegistration _stop;

    /// <param name="stoppingToken">Asks the host to stop, or has.</param>
    public LastWords(CancellationToken stoppingToken) => _stop = stoppingToken.Register(() => _end.CancelAfter(s_longest));

    /// <summary>For the requests that say it.</summary>
    public CancellationToken Token => _end.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        _end.Dispose();
    }
}
