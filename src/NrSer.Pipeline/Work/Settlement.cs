using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;

namespace NrSer.Pipeline.Work;

/// <summary>Runs a stage on a locked message and settles the message by what the stage did.</summary>
/// <remarks>
/// Success completes, shutdown gives back, a message that cannot be read is dead-lettered at once, and any other failure is retried with
/// growing delays until the attempts run out. A service that is down is no fault of the message: its holder keeps the lock and tries again until the
/// service is back, receiving nothing else meanwhile. The lock is renewed at half its duration as long as the stage works, but no single try goes on
/// for ever: what hangs must not keep its message from others.
/// </remarks>
/// <param name="options">Lock, attempts and delays.</param>
/// <param name="activity">Told of the work.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class Settlement(IOptions<QueueOptions> options, QueueActivity activity, TimeProvider time, ILogger<Settlement> logger)
{
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromMinutes(10); // what is down for longer than that is back at no certain time

    // Work goes on within half a minute of a service's return, and many hosts do not come back to it at once.
    private static readonly TimeSpan s_longestOutagePause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_shortestOutagePause = TimeSpan.FromMilliseconds(200);

    private readonly QueueOptions _options = options.Value;

    private readonly ResiliencePipeline _whileUnavailable = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = outcome => ValueTask.FromResult(
                outcome.Outcome.Exception is { } error && !outcome.Context.CancellationToken.IsCancellationRequested
                && ServiceUnavailableException.IsBehind(error)),
            MaxRetryAttempts = int.MaxValue,
            Delay = options.Value.RetryDelay > s_shortestOutagePause ? options.Value.RetryDelay : s_shortestOutagePause,
            MaxDelay = s_longestOutagePause,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();

    /// <summary>Handles one delivery to its settlement; never throws.</summary>
    /// <param name="queue">Name of the queue, for logs and metrics.</param>
    /// <param name="delivery">The delivery.</param>
    /// <param name="stage">What to do with its message.</param>
    /// <param name="retryWithoutLimit">Tries again however often it failed: behind a dead-letter queue there is no other.</param>
    /// <param name="stoppingToken">Asks the stage to stop, and gives the message back.</param>
    public async Task RunAsync(
        string queue, WorkDelivery delivery, Func<WorkMessage, CancellationToken, Task> stage, bool retryWithoutLimit,
        CancellationToken stoppingToken)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        ArgumentNullException.ThrowIfNull(stage);
        activity.Begin();
        try
        {
            await HandleAsync(queue, delivery, stage, retryWithoutLimit ? int.MaxValue : _options.MaxDeliveries, stoppingToken).ConfigureAwait(false);
        }
        finally
        {
            activity.End();
        }
    }

    private async Task HandleAsync(
        string queue, WorkDelivery delivery, Func<WorkMessage, CancellationToken, Task> stage, int maxDeliveries, CancellationToken stoppingToken)
    {
        using Activity? span = PipelineTelemetry.Source.StartActivity(queue, ActivityKind.Consumer, delivery.Message.TraceParent);
        if (delivery.SentAt is { } sentAt)
            PipelineTelemetry.QueueAge.Record((time.GetUtcNow() - sentAt).TotalSeconds, new KeyValuePair<string, object?>("queue", queue));
        using var working = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task<bool> renewal = RenewAsync(queue, delivery, working, stoppingToken);
        long begun = time.GetTimestamp();
        Exception? failure = null;
        try
        {
            // A queue that is lost during an outage leaves no answer either: hence twice as many.
            if (delivery.Attempts.Unanswered >= 2L * maxDeliveries)
                throw new InvalidMessageException($"Handed out {delivery.Attempts.Unanswered} times, and no worker lived to answer.");
            await _whileUnavailable.ExecuteAsync(async token => await TryAsync(queue, delivery, stage, token).ConfigureAwait(false), working.Token)
                .ConfigureAwait(false);
        }
        catch (Exception error)
        {
            failure = error;
            span?.SetStatus(ActivityStatusCode.Error, error.GetType().Name);
        }

        await working.CancelAsync().ConfigureAwait(false);
        if (!await renewal.ConfigureAwait(false))
            return; // someone else may be at it, and will settle it
        using var lastWords = new LastWords(stoppingToken); // begun here: the stage may have taken longer than that to stop
        try
        {
            if (failure is not null)
            {
                await SettleFailureAsync(queue, delivery, failure, maxDeliveries, lastWords.Token, stoppingToken).ConfigureAwait(false);
                return;
            }

            await delivery.CompleteAsync(lastWords.Token).ConfigureAwait(false);
            LogHandled(queue, delivery.Message.MessageId, time.GetElapsedTime(begun).TotalSeconds);
        }
        catch (Exception error)
        {
            LogUnsettled(error, queue, delivery.Message.MessageId); // the lock runs out by itself
        }
    }

    /// <summary>Has the stage work on the message once, and no longer than work may take.</summary>
    private async Task TryAsync(
        string queue, WorkDelivery delivery, Func<WorkMessage, CancellationToken, Task> stage, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.LongestWork, time);
        using var working = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await stage(delivery.Message, working.Token).ConfigureAwait(false);
            activity.FoundAvailable();
        }
        catch (Exception error) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"It did not end within {_options.LongestWork}.", new OperationCanceledException(error.Message));
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && ServiceUnavailableException.IsBehind(error))
        {
            PipelineTelemetry.CountUnavailable(queue);
            if (activity.FoundUnavailable())
                LogUnavailable(queue, delivery.Message.MessageId, activity.UnavailableFor, error);
            throw;
        }
    }

    private async Task SettleFailureAsync(
        string queue, WorkDelivery delivery, Exception error, int maxDeliveries, CancellationToken lastWords, CancellationToken stoppingToken)
    {
        bool invalid = error is InvalidMessageException;
        if (stoppingToken.IsCancellationRequested && !invalid)
        {
            // Whatever it threw: cancellation comes in many wrappings.
            LogAbandoned(queue, delivery.Message.MessageId);
            await delivery.GiveBackAsync(lastWords).ConfigureAwait(false);
            return;
        }

        int failed = delivery.Attempts.Failed + 1;
        LogFailed(error, queue, delivery.Message.MessageId, failed);
        if (maxDeliveries < int.MaxValue && (invalid || failed >= maxDeliveries))
            await delivery.DeadLetterAsync(Describe(error, failed), lastWords).ConfigureAwait(false);
        else
            await delivery.AbandonAsync(DelayAfter(failed), stoppingToken).ConfigureAwait(false);
    }

    private TimeSpan DelayAfter(int failed)
    {
        TimeSpan doubled = _options.RetryDelay * Math.Pow(2, Math.Min(failed, 31) - 1);
        return doubled < s_longestDelay ? doubled : s_longestDelay;
    }

    private static string Describe(Exception error, int failed)
    {
        string first = error.Message.Split('\n', 2)[0].Trim();
        return error is InvalidMessageException ? first : $"{error.GetType().Name} after {failed} attempts: {first}";
    }

    /// <summary>Holds the lock until the work ends; when it is lost, stops the work.</summary>
    /// <returns>False when it was lost.</returns>
    private async Task<bool> RenewAsync(string queue, WorkDelivery delivery, CancellationTokenSource working, CancellationToken stoppingToken)
    {
        using var lastWords = new LastWords(stoppingToken);
        TimeSpan pause = _options.LockDuration / 2;
        long held = time.GetTimestamp();
        while (true)
        {
            await Task.Delay(pause, time, working.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (working.IsCancellationRequested)
                return true; // the work has ended
            bool renewed;
            long asked = time.GetTimestamp();
            try
            {
                // Not cut short by the end of the work: an answer that nobody waits for would take the lock's new receipt with it.
                renewed = await delivery.RenewAsync(lastWords.Token).ConfigureAwait(false);
                (held, pause) = (asked, _options.LockDuration / 2);
            }
            catch (Exception error)
            {
                LogUnrenewed(error, queue, delivery.Message.MessageId);
                renewed = time.GetElapsedTime(held) < _options.LockDuration; // nobody said so, but by now another may have it
                pause = _options.LockDuration / 10;
            }

            if (!renewed)
            {
                LogLockLost(queue, delivery.Message.MessageId);
                await working.CancelAsync().ConfigureAwait(false);
                return false;
            }
        }
    }

    [LoggerMessage(2001, LogLevel.Information, "{Queue}: handled {MessageId} in {Seconds:F2} s")]
    private partial void LogHandled(string queue, string messageId, double seconds);

    [LoggerMessage(2002, LogLevel.Warning, "{Queue}: {MessageId} failed on attempt {Attempt}")]
    private partial void LogFailed(Exception error, string queue, string messageId, int attempt);

    [LoggerMessage(2008, LogLevel.Warning, "{Queue}: {MessageId} and maybe others wait for a service that has been unavailable for {Duration}")]
    private partial void LogUnavailable(string queue, string messageId, TimeSpan duration, Exception error);

    [LoggerMessage(2003, LogLevel.Information, "{Queue}: gave {MessageId} back")]
    private partial void LogAbandoned(string queue, string messageId);

    [LoggerMessage(2005, LogLevel.Warning, "{Queue}: the lock on {MessageId} was lost, its work is stopped")]
    private partial void LogLockLost(string queue, string messageId);

    [LoggerMessage(2006, LogLevel.Warning, "{Queue}: {MessageId} could not be settled and will be handed out again")]
    private partial void LogUnsettled(Exception error, string queue, string messageId);

    [LoggerMessage(2007, LogLevel.Warning, "{Queue}: the lock on {MessageId} could not be renewed, trying again")]
    private partial void LogUnrenewed(Exception error, string queue, string messageId);
}
