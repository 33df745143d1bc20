using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Tests.Work;

internal static class Pumps
{
    /// <summary>A pump as the hosts make them.</summary>
    public static QueuePump Create(
        IWorkQueue queue, Func<WorkMessage, CancellationToken, Task> stage, QueueOptions options, TimeProvider time, int concurrency = 1,
        bool retryWithoutLimit = false, Func<CancellationToken, Task<bool>>? isOpen = null)
    {
        var activity = new QueueActivity(time);
        var settlement = new Settlement(Options.Create(options), activity, time, NullLogger<Settlement>.Instance);
        return new QueuePump(new QueueHandler(queue, stage, concurrency, retryWithoutLimit, isOpen), settlement, activity, options, time,
            NullLogger<QueuePump>.Instance);
    }
}

/// <summary>A pump at work, until it is disposed of.</summary>
internal sealed class RunningPump(QueuePump pump) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await pump.StopAsync(CancellationToken.None);
        pump.Dispose();
    }
}
