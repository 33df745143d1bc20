namespace NrSer.Cli.Tests.Processes;

/// <summary>Waits for a state by looking, never by time: a busy machine makes tests slow, not red.</summary>
internal static class Waiting
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Looks until something is there.</summary>
    /// <param name="what">For the failure message.</param>
    /// <param name="look">Null while it is not there.</param>
    public static Task<T> UntilAsync<T>(string what, Func<CancellationToken, Task<T?>> look)
        where T : class => UntilAsync(what, s_lookInterval, look);

    /// <summary>Looks at a given pace.</summary>
    public static async Task<T> UntilAsync<T>(string what, TimeSpan interval, Func<CancellationToken, Task<T?>> look)
        where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(s_limit);
        try
        {
            while (true)
            {
                if (await look(limit.Token) is { } found)
                    return found;
                await Task.Delay(interval, TimeProvider.System, limit.Token);
            }
        }
        catch (OperationCanceledException late) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within {s_limit.TotalMinutes:F0} minutes: {what}.", late);
        }
    }

    /// <summary>Looks until a condition holds.</summary>
    public static Task UntilAsync(string what, Func<bool> holds) => UntilAsync(what, _ => Task.FromResult(holds() ? what : null));
}
