using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Deletes what has been kept for as long as was said. A setting's first run only reports.</summary>
/// <remarks>
/// Once a day, and only the days of upload that have become old enough since, so that it costs what it deletes; once a month all of them, for what a
/// retry wrote late. No proof is written: nobody asked for a recording to be forgotten.
/// </remarks>
/// <param name="state">How far it has come.</param>
/// <param name="scope">Finds recordings: their rows lead to everything.</param>
/// <param name="erasure">Deletes.</param>
/// <param name="options">How long.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class Retention(
    RetentionState state, RetentionScope scope, StoreErasure erasure, IOptions<RetentionOptions> options, TimeProvider time,
    ILogger<Retention> logger)
{
    private const int BatchRecordings = 1000; // whose parts of the lake are written once

    private static readonly TimeSpan s_interval = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_again = TimeSpan.FromMinutes(10); // after a failure
    private static readonly TimeSpan s_startOver = TimeSpan.FromDays(30);

    private DateTimeOffset _due = DateTimeOffset.MinValue;

    /// <summary>Does what is due, once a day.</summary>
    /// <param name="cancellationToken">Stops between recordings; the next run goes on.</param>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now < _due)
            return;
        _due = now + s_again;
        foreach (RetentionRule rule in options.Value.Rules)
        {
            RetentionMark? mark = await state.FindAsync(rule.Key, cancellationToken).ConfigureAwait(false);
            if (IsOf(mark, rule) && now - mark!.RanAt < s_interval)
                continue; // another process, or the one before this
            await RunAsync(rule, mark, isDry: false, cancellationToken).ConfigureAwait(false);
        }

        _due = now + s_interval;
    }

    /// <summary>Applies every setting, or reports what applying it would delete.</summary>
    /// <param name="isDry">Whether only to report; a setting that was never reported is only reported anyway.</param>
    /// <param name="cancellationToken">Stops between recordings.</param>
    public async Task<IReadOnlyList<RetentionReport>> RunAsync(bool isDry, CancellationToken cancellationToken)
    {
        var reports = new List<RetentionReport>();
        foreach (RetentionRule rule in options.Value.Rules)
        {
            RetentionMark? mark = await state.FindAsync(rule.Key, cancellationToken).ConfigureAwait(false);
            reports.Add(await RunAsync(rule, mark, isDry, cancellationToken).ConfigureAwait(false));
        }

        return reports;
    }

    /// <summary>The rules that some host holds to, whatever is set here: those that it reported or applied within two days.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    /// <returns>In order of store; none where nobody sweeps.</returns>
    public async Task<IReadOnlyList<(RetentionRule Rule, RetentionMark Mark)>> StandingAsync(CancellationToken cancellationToken)
    {
        var standing = new List<(RetentionRule Rule, RetentionMark Mark)>();
        await foreach (RetentionMark mark in state.StandingAsync(time.GetUtcNow(), cancellationToken).ConfigureAwait(false))
        {
            if (RetentionRule.Of(mark) is { } rule)
                standing.Add((rule, mark));
        }

        return [.. standing.OrderBy(each => each.Rule.Store).ThenBy(each => each.Rule.FeedId, StringComparer.Ordinal)];
    }

    /// <summary>Whether what was done was done by a rule as it is now: one that was changed is reported anew before it counts.</summary>
    /// <param name="mark">How far it has come.</param>
    /// <param name="rule">As it is set.</param>
    public static bool IsOf(RetentionMark? mark, RetentionRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return mark is not null && mark.Period == rule.Period && mark.Except == string.Join(' ', rule.Except);
    }

    private async Task<RetentionReport> RunAsync(RetentionRule rule, RetentionMark? mark, bool isDry, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateOnly last = DateOnly.FromDateTime((now - rule.Period).UtcDateTime).AddDays(-1); // all of that day is old enough
        bool isFirst = !IsOf(mark, rule);
        bool startsOver = mark is null || now - mark.StartedOverAt >= s_startOver;
        DateOnly from = isFirst || startsOver || mark!.Through == DateOnly.MinValue ? DateOnly.MinValue : mark.Through.AddDays(1);
        bool isApplied = !isDry && !isFirst;
        long count = 0;
        DateOnly through = last;
        if (from <= last)
        {
            await foreach (Recording[] batch in scope.OldAsync(rule, from, last, cancellationToken).Chunk(BatchRecordings).ConfigureAwait(false))
            {
                Recording[] ended = [.. batch.Where(recording => !recording.Status.IsOpen())];
                if (batch.FirstOrDefault(recording => recording.Status.IsOpen()) is { } open && DayOf(open) <= through)
                    through = DayOf(open).AddDays(-1); // once it has ended
                count += ended.Length;
                if (isApplied)
                    await erasure.DeleteAsync(rule.Store, ended, cancellationToken).ConfigureAwait(false);
            }
        }

        if (!isDry)
        {
            DateOnly done = isApplied ? through : isFirst ? DateOnly.MinValue : mark!.Through;
            await state.WriteAsync(
                new RetentionMark(
                    rule.Key, rule.Period, done, now, isApplied && startsOver ? now : mark?.StartedOverAt ?? default, string.Join(' ', rule.Except)),
                cancellationToken).ConfigureAwait(false);
            if (isApplied)
                LogApplied(rule.Key, count, last);
            else
                LogReported(rule.Key, count, last);
        }

        return new RetentionReport(rule, last, count, isApplied);
    }

    private static DateOnly DayOf(Recording recording) =>
        DateOnly.ParseExact(recording.Id.Day, "yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);

    [LoggerMessage(5201, LogLevel.Information, "Retention of {Store}: dealt with {Recordings} recordings uploaded until {Day}")]
    private partial void LogApplied(string store, long recordings, DateOnly day);

    [LoggerMessage(5202, LogLevel.Warning,
        "Retention of {Store} was set or changed: the next run will delete that of {Recordings} recordings uploaded until {Day}")]
    private partial void LogReported(string store, long recordings, DateOnly day);
}

/// <summary>What retention did for a store, or would do.</summary>
/// <param name="Rule">How long it keeps what.</param>
/// <param name="Through">The last day of upload that is old enough.</param>
/// <param name="Recordings">Recordings whose part of the store goes; of some it may have gone before.</param>
/// <param name="IsApplied">Whether it was deleted, and not only reported.</param>
public sealed record RetentionReport(RetentionRule Rule, DateOnly Through, long Recordings, bool IsApplied);
