using System.Collections.Concurrent;
using System.Diagnostics;

namespace NrSer.Testing;

/// <summary>What something asks of the services.</summary>
public static class CountedRequests
{
    /// <summary>Method and path of every request to the account.</summary>
    /// <param name="account">The account.</param>
    /// <param name="work">Asks.</param>
    public static async Task<string[]> OfAsync(StorageAccount account, Func<Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var requests = new ConcurrentQueue<string>();
        using ActivityListener listener = Hear(account, requests.Enqueue);
        await work();
        return [.. requests];
    }

    /// <summary>Tells of each request to the account as soon as it is answered, by method and path.</summary>
    /// <param name="account">The account.</param>
    /// <param name="told">Hears of each, on the thread that asked.</param>
    public static ActivityListener Hear(StorageAccount account, Action<string> told)
    {
        ArgumentNullException.ThrowIfNull(account);
        string name = account.ConnectionString.Split("AccountName=")[1].Split(';')[0];
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("url.full") is string url && url.Contains($"/{name}/", StringComparison.Ordinal))
                    told($"{activity.GetTagItem("http.request.method")} {url.Split($"/{name}/")[1]}");
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
