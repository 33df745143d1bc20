using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Messages;

namespace NrSer.Pipeline.Queues;

/// <summary>Receives from one queue and settles each message by what its stage does: the local counterpart of a trigger.</summary>
/// <remarks>
/// Success completes, shutdown gives back, a message that cannot be read is dead-lettered at once, and any other failure is retried with
/// growing delays until the attempts run out. The lock is renewed at half its duration as long as the stage works.
/// </remarks>
/// <param name="queue">Where messages come from.</param>
/// <param name="stage">What to do with one.</param>
/// <param name="concurrency">Messages in work at once, 1 to 32.</param>
/// <param name="options">Lock, attempts and delays.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class QueuePump(
    IWorkQueue queue, Func<WorkMessage, CancellationToken, Task> stage, int concurrency, QueueOptions options, TimeProvider time,
    ILogger<QueuePump> logger) : BackgroundService
{
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromMinutes(10); // what is down for longer than that is back at no certain time

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new HashSet<Task>();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                running.RemoveWhere(task => task.IsCompleted);
                IReadOnlyList<WorkDelivery> deliveries = running.Count < concurrency
                    ? await queue.ReceiveAsync(concurrency - running.Count, stoppingToken).ConfigureAwait(false)
                    : [];
                foreach (WorkDelivery delivery in deliveries)
                    running.Add(HandleAsync(delivery, stoppingToken));
                if (running.Count == concurrency)
                    await Task.WhenAny(running).ConfigureAwait(false);
                else if (deliveries.Count == 0)
                    await Task.WhenAny([.. running, Task.Delay(options.PollInterval, time, stoppingToken)]).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                LogReceiveFailed(error, queue.Name);
                await Task.Delay(options.RetryDelay + options.PollInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(running).ConfigureAwait(false);
    }

    /// <summary>Handles one delivery to its settlement; never throws.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="stoppingToken">Asks the stage to stop, and abandons.</param>
    internal async Task HandleAsync(WorkDelivery delivery, CancellationToken stoppingToken)
    {
        await Task.Yield();
        using Activity? activity = PipelineTelemetry.Source.StartActivity(queue.Name, ActivityKind.Consumer, delivery.Message.TraceParent);
        if (delivery.SentAt is { } sentAt)
            PipelineTelemetry.QueueAge.Record((time.GetUtcNow() - sentAt).TotalSeconds, new KeyValuePair<string, object?>("queue", queue.Name));
        using var working = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task<bool> renewal = RenewAsync(delivery, working);
        long begun = time.GetTimestamp();
        Exception? failure = null;
        try
        {
            if (delivery.DeliveryCount > options.MaxDeliveries)
                throw new InvalidMessageException($"Handed out {options.MaxDeliveries} times, and no worker lived to answer.");
            await stage(delivery.Message, working.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            failure = error;
            activity?.SetStatus(ActivityStatusCode.Error, error.GetType().Name);
        }

        await working.CancelAsync().ConfigureAwait(false);
        if (!await renewal.ConfigureAwait(false))
            return; // someone else may be at it, and will settle it
        try
        {
            if (failure is not null)
            {
                await SettleFailureAsync(delivery, failure, stoppingToken.IsCancellationRequested).ConfigureAwait(false);
                return;
            }

            await delivery.CompleteAsync(CancellationToken.None).ConfigureAwait(false);
            LogHandled(queue.Name, delivery.Message.MessageId, time.GetElapsedTime(begun).TotalSeconds);
        }
        catch (Exception error)
        {
            LogUnsettled(error, queue.Name, delivery.Message.MessageId); // the lock runs out by itself
        }
    }

    private async Task SettleFailureAsync(WorkDelivery delivery, Exception error, bool stopping)
    {
        bool invalid = error is InvalidMessageException;
        if (stopping && !invalid)
        {
            // Whatever it threw: cancellation comes in many wrappings.
            LogAbandoned(queue.Name, delivery.Message.MessageId);
            await delivery.GiveBackAsync(CancellationToken.None).ConfigureAwait(false);
            return;
        }

        LogFailed(error, queue.Name, delivery.Message.MessageId, delivery.DeliveryCount, options.MaxDeliveries);
        if (invalid || delivery.DeliveryCount >= options.MaxDeliveries)
            await delivery.DeadLetterAsync(Describe(error, delivery.DeliveryCount), CancellationToken.None).ConfigureAwait(false);
        else
            await delivery.AbandonAsync(DelayAfter(delivery.DeliveryCount), CancellationToken.None).ConfigureAwait(false);
    }

    private TimeSpan DelayAfter(long deliveries)
    {
        TimeSpan doubled = options.RetryDelay * Math.Pow(2, Math.Min(deliveries, 31) - 1);
        return doubled < s_longestDelay ? doubled : s_longestDelay;
    }

    private static string Describe(Exception error, long deliveries)
    {
        string first = error.Message.Split('\n', 2)[0].Trim();
        return error is InvalidMessageException ? first : $"{error.GetType().Name} after {deliveries} attempts: {first}";
    }

    /// <summary>Holds the lock until the work ends; when it is lost, stops the work.</summary>
    /// <returns>False when it was lost.</returns>
    private async Task<bool> RenewAsync(WorkDelivery delivery, CancellationTokenSource working)
    {
        while (true)
        {
            await Task.Delay(options.LockDuration / 2, time, working.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (working.IsCancellationRequested)
                return true; // the work has ended
            try
            {
                // Not cut short by the end of the work: an answer that nobody waits for would take the lock's new receipt with it.
                if (!await delivery.RenewAsync(CancellationToken.None).ConfigureAwait(false))
                {
                    LogLockLost(queue.Name, delivery.Message.MessageId);
                    await working.CancelAsync().ConfigureAwait(false);
                    return false;
                }
            }
            catch (Exception error)
            {
                LogReceiveFailed(error, queue.Name); // the next try may come too late: then the work is done twice, which is allowed
            }
        }
    }

    [LoggerMessage(2001, LogLevel.Information, "{Queue}: handled {MessageId} in {Seconds:F2} s")]
    private partial void LogHandled(string queue, string messageId, double seconds);

    [LoggerMessage(2002, LogLevel.Warning, "{Queue}: {MessageId} failed on attempt {Attempt} of {Attempts}")]
    private partial void LogFailed(Exception error, string queue, string messageId, long attempt, int attempts);

    [LoggerMessage(2003, LogLevel.Information, "{Queue}: gave {MessageId} back")]
    private partial void LogAbandoned(string queue, string messageId);

    [LoggerMessage(2004, LogLevel.Warning, "{Queue}: the queue cannot be reached, trying again")]
    private partial void LogReceiveFailed(Exception error, string queue);

    [LoggerMessage(2005, LogLevel.Warning, "{Queue}: the lock on {MessageId} was lost, its work is stopped")]
    private partial void LogLockLost(string queue, string messageId);

    [LoggerMessage(2006, LogLevel.Warning, "{Queue}: {MessageId} could not be settled and will be handed out again")]
    private partial void LogUnsettled(Exception error, string queue, string messageId);
}
