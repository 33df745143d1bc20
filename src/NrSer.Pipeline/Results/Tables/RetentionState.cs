using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>How far retention has come, a row a store.</summary>
/// <param name="tables">The tables.</param>
public sealed class RetentionState(ResultTables tables)
{
    private const string Partition = "retention";

    private static readonly TimeSpan s_standing = TimeSpan.FromDays(2); // a host looks at each once a day

    /// <summary>What is known of a store, or null.</summary>
    /// <param name="store">Its name.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<RetentionMark?> FindAsync(string store, CancellationToken cancellationToken)
    {
        NullableResponse<TableEntity> row = await tables.Forgotten
            .GetEntityIfExistsAsync<TableEntity>(Partition, store, cancellationToken: cancellationToken).ConfigureAwait(false);
        return row.HasValue ? MarkOf(row.Value!) : null;
    }

    /// <summary>What some host holds to, whatever is set where somebody asks: what it reported or applied within two days.</summary>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<RetentionMark> StandingAsync(DateTimeOffset now, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity row in tables.Forgotten.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {Partition}"), cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (MarkOf(row) is { } mark && mark.RanAt > now - s_standing)
                yield return mark;
        }
    }

    /// <summary>Remembers it.</summary>
    /// <param name="mark">All of it.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task WriteAsync(RetentionMark mark, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(mark);
        var row = new TableEntity(Partition, mark.Store)
        {
            [nameof(mark.Period)] = mark.Period.ToString("c", CultureInfo.InvariantCulture),
            [nameof(mark.Through)] = mark.Through.ToString("yyyyMMdd", CultureInfo.InvariantCulture), [nameof(mark.RanAt)] = mark.RanAt,
            [nameof(mark.StartedOverAt)] = mark.StartedOverAt, [nameof(mark.Except)] = mark.Except,
        };
        return tables.Forgotten.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
    }

    private static RetentionMark? MarkOf(TableEntity row) =>
        TimeSpan.TryParse(row.GetString(nameof(RetentionMark.Period)), CultureInfo.InvariantCulture, out TimeSpan period)
        && DateOnly.TryParseExact(row.GetString(nameof(RetentionMark.Through)), "yyyyMMdd", out DateOnly through)
            ? new RetentionMark(
                row.RowKey, period, through, row.GetDateTimeOffset(nameof(RetentionMark.RanAt)) ?? default,
                row.GetDateTimeOffset(nameof(RetentionMark.StartedOverAt)) ?? default, row.GetString(nameof(RetentionMark.Except)) ?? "")
            : null;
}

/// <summary>How far retention of a store has come.</summary>
/// <param name="Store">Its name, and the podcast's id where it is for one alone.</param>
/// <param name="Period">The period that was last reported or applied: another is reported first.</param>
/// <param name="Through">The last day of upload that was dealt with; the first day there is before any was.</param>
/// <param name="RanAt">When that was.</param>
/// <param name="StartedOverAt">When days were last dealt with from the first on: a late retry may have written for one that was dealt with.</param>
/// <param name="Except">Whose recordings were left to rules of their own, ids with spaces between.</param>
public sealed record RetentionMark(
    string Store, TimeSpan Period, DateOnly Through, DateTimeOffset RanAt, DateTimeOffset StartedOverAt, string Except = "");
