using NrSer.Pipeline.Forgetting;

namespace NrSer.Pipeline.Stages;

/// <summary>Finds what fell through: retries that were asked for, recordings that got stuck and, once a day, what is known to nobody.</summary>
/// <remarks>Cost follows what is open, not what has ended: rows of finished recordings are not read.</remarks>
/// <param name="clock">Tells whether it was set back.</param>
/// <param name="open">Looks after what is open.</param>
/// <param name="audio">Kept within its budget.</param>
/// <param name="reconciliation">The look through everything.</param>
/// <param name="forgetting">Goes on with what is being forgotten, and looks again.</param>
/// <param name="retention">Deletes what was kept long enough.</param>
public sealed class Sweep(
    ClockWatch clock, UnstickRecordings open, WorkAudio audio, Reconciliation reconciliation, ForgetRecordings forgetting, Retention retention)
{
    /// <summary>Looks after what is open. Running it twice at once does no harm: events are idempotent.</summary>
    /// <param name="cancellationToken">Stops between recordings.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        (DateTimeOffset now, bool wentBack) = clock.Read();
        if (wentBack)
            await open.SendEverythingAgainAsync(cancellationToken).ConfigureAwait(false);
        await open.RunAsync(now, cancellationToken).ConfigureAwait(false);
        await audio.TrimAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await forgetting.SweepAsync(cancellationToken).ConfigureAwait(false);
            await retention.SweepAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await reconciliation.RunAsync(cancellationToken).ConfigureAwait(false); // last: it takes long, and nothing waits for it
        }

        PipelineTelemetry.CountSweep();
    }
}
