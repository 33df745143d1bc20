namespace NrSer.Testing;

/// <summary>Waits for what another process or thread does.</summary>
public static class Polling
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3); // for a machine that is busy with something else
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    public static Task UntilAsync(Func<Task<bool>> condition, TimeSpan? limit = null) => ForAsync(async () => await condition() ? "" : null, limit);

    public static async Task<T> ForAsync<T>(Func<Task<T?>> look, TimeSpan? limit = null)
        where T : class
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        ending.CancelAfter(limit ?? s_limit);
        while (true)
        {
            if (await look() is { } found)
                return found;
            await Task.Delay(s_pause, TimeProvider.System, ending.Token);
        }
    }
}
