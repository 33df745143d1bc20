using System.Collections.Concurrent;
using System.Diagnostics;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

/// <summary>What something asks of the services.</summary>
internal static class CountedRequests
{
    /// <summary>Method and path of every request to the account.</summary>
    public static async Task<string[]> OfAsync(StorageAccount account, Func<Task> work)
    {
        string name = account.ConnectionString.Split("AccountName=")[1].Split(';')[0];
        var requests = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("url.full") is string url && url.Contains($"/{name}/", StringComparison.Ordinal))
                    requests.Enqueue($"{activity.GetTagItem("http.request.method")} {url.Split($"/{name}/")[1]}");
            },
        };
        ActivitySource.AddActivityListener(listener);
        await work();
        return [.. requests];
    }
}
