using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace NrSer.Pipeline.Work;

/// <summary>Receives from one queue and has each message handled: what a trigger is to Functions.</summary>
/// <param name="handler">The queue, and what to do.</param>
/// <param name="settlement">Runs the stage and settles.</param>
/// <param name="activity">Told of answers.</param>
/// <param name="options">Pauses.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class QueuePump(
    QueueHandler handler, Settlement settlement, QueueActivity activity, QueueOptions options, TimeProvider time, ILogger<QueuePump> logger)
        : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new HashSet<Task>();
        bool lost = false;
        bool mayBeMore = false;
        TimeSpan pause = options.PollInterval, longest = options.PollInterval * handler.Patience;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                running.RemoveWhere(task => task.IsCompleted);
                while (mayBeMore && handler.IsOpen is { } isOpen && !await isOpen(stoppingToken).ConfigureAwait(false))
                    await Task.Delay(options.PollInterval * 4, time, stoppingToken).ConfigureAwait(false);
                IReadOnlyList<WorkDelivery> deliveries = running.Count < handler.Concurrency
                    ? await handler.Queue.ReceiveAsync(handler.Concurrency - running.Count, stoppingToken).ConfigureAwait(false)
                    : [];
                mayBeMore = deliveries.Count > 0;
                activity.Answered();
                if (lost)
                    activity.FoundAvailable();
                lost = false;
                foreach (WorkDelivery delivery in deliveries)
                    running.Add(HandleAsync(delivery, stoppingToken));
                if (running.Count == handler.Concurrency)
                    await Task.WhenAny(running).ConfigureAwait(false);
                else if (deliveries.Count == 0)
                    await Task.WhenAny([.. running, Task.Delay(pause, time, stoppingToken)]).ConfigureAwait(false);
                // a queue that stays empty is asked less and less often
                pause = deliveries.Count > 0 ? options.PollInterval : pause * 2 < longest ? pause * 2 : longest;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                lost = true;
                if (activity.FoundUnavailable())
                    LogReceiveFailed(error, handler.Queue.Name);
                await Task.Delay(options.RetryDelay + options.PollInterval, time, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(running).ConfigureAwait(false);
    }

    /// <summary>Handles one delivery to its settlement; never throws.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="stoppingToken">Asks the stage to stop, and gives the message back.</param>
    internal async Task HandleAsync(WorkDelivery delivery, CancellationToken stoppingToken)
    {
        await Task.Yield();
        await settlement.RunAsync(handler.Queue.Name, delivery, handler.Stage, handler.RetryWithoutLimit, stoppingToken).ConfigureAwait(false);
    }

    [LoggerMessage(2004, LogLevel.Warning, "{Queue}: the queue cannot be reached, trying again")]
    private partial void LogReceiveFailed(Exception error, string queue);
}

/// <summary>What is done with the messages of a queue.</summary>
/// <param name="Queue">Where they come from.</param>
/// <param name="Stage">What to do with one.</param>
/// <param name="Concurrency">Messages in work at once, 1 to 32.</param>
/// <param name="RetryWithoutLimit">Never gives a message up; see <see cref="Settlement.RunAsync"/>.</param>
/// <param name="IsOpen">Asked between messages whether to receive the next; null for always.</param>
public sealed record QueueHandler(IWorkQueue Queue, Func<WorkMessage, CancellationToken, Task> Stage, int Concurrency = 1,
    bool RetryWithoutLimit = false, Func<CancellationToken, Task<bool>>? IsOpen = null)
{
    /// <summary>How much longer the pauses grow while the queue stays empty. Somebody waits for a live recording; nobody for the first of an archive
    /// or for a dead letter, and each look costs an idle laptop as much as any other.</summary>
    public int Patience => RetryWithoutLimit ? 60 : StageQueues.LaneOf(Queue.Name) == Lane.Bulk ? 20 : 4;
}
