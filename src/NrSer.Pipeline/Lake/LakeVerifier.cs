using System.Runtime.CompilerServices;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Lake;

/// <summary>Compares the lake with rows and journal, row by row, and what stands beside the parts with them. It reads everything: something to do by
/// hand.</summary>
/// <param name="blobs">The lake.</param>
/// <param name="parts">Opens it.</param>
/// <param name="query">Recording rows.</param>
/// <param name="documents">What stands beside the parts.</param>
/// <param name="markers">What the lake has yet to take in.</param>
/// <param name="retention">What was taken out of the lake on purpose.</param>
public sealed class LakeVerifier(
    LakeBlobs blobs, LakeParts parts, RecordingStore query, LakeDocuments documents, LakeMarkers markers, LakeRetention retention)
{
    private const int BatchRecordings = 1000;

    /// <summary>Compares.</summary>
    /// <param name="month">One month, <c>yyyy-MM</c>; null for all.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    /// <returns>What differs; nothing where all is well.</returns>
    public async IAsyncEnumerable<LakeDifference> RunAsync(string? month, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using LakeWorkspace workspace = parts.OpenWorkspace();
        (DateOnly from, DateOnly to) = LakeMonths.Range(month);
        string[] months = [.. await blobs.ListAsync(month, cancellationToken).Select(part => part.Month)
            .Union(query.ListAsync(new RecordingFilter(from, to), cancellationToken).Select(recording => LakePart.MonthOf(recording.Id)))
            .OrderBy(name => name, StringComparer.Ordinal).ToListAsync(cancellationToken).ConfigureAwait(false)];
        foreach (string each in months)
        {
            await foreach (LakeDifference difference in VerifyMonthAsync(workspace, each, cancellationToken).ConfigureAwait(false))
                yield return difference;
        }

        foreach (string what in await documents.VerifyAsync(workspace, cancellationToken).ConfigureAwait(false))
            yield return new LakeDifference("", "", what);
    }

    private async IAsyncEnumerable<LakeDifference> VerifyMonthAsync(
        LakeWorkspace workspace, string month, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var waiting = new HashSet<RecordingId>(await markers.ListAsync(cancellationToken).Select(marker => marker.Id)
            .Where(id => LakePart.MonthOf(id) == month).ToListAsync(cancellationToken).ConfigureAwait(false));
        LakeWriter writer = await parts.OpenAsync(workspace, month, cancellationToken).ConfigureAwait(false);
        foreach (string twice in workspace.Read("SELECT id FROM placed GROUP BY id HAVING count(*) > 1 ORDER BY id", row => row.GetString(0)))
            yield return new LakeDifference(month, twice, "is in more than one part");

        var placed = new HashSet<RecordingId>();
        foreach (int number in writer.Numbers)
        {
            List<RecordingId> ids = writer.RecordingsOf(number);
            placed.UnionWith(ids);
            await foreach (LakeDifference difference in VerifyPartAsync(workspace, writer, month, number, ids, waiting, cancellationToken)
                .ConfigureAwait(false))
                yield return difference;
        }

        (DateOnly from, DateOnly to) = LakeMonths.Range(month);
        Predicate<Recording> isTakenOut = await retention.FindAsync(cancellationToken).ConfigureAwait(false);
        await foreach (Recording recording in query.ListAsync(new RecordingFilter(from, to), cancellationToken).ConfigureAwait(false))
        {
            if (!recording.Status.IsOpen() && !placed.Contains(recording.Id) && !waiting.Contains(recording.Id) && !isTakenOut(recording))
                yield return new LakeDifference(month, recording.Id.Value, "has ended, is not in the lake, and does not wait for it");
        }
    }

    private async IAsyncEnumerable<LakeDifference> VerifyPartAsync(
        LakeWorkspace workspace, LakeWriter writer, string month, int number, List<RecordingId> ids, HashSet<RecordingId> waiting,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (LakeTable table in LakeTable.Partitioned)
        {
            string rows = await writer.OldAsync(table, number, cancellationToken).ConfigureAwait(false);
            workspace.Execute($"CREATE OR REPLACE TABLE lake_{table.Name} AS {rows}");
        }

        foreach (LakeTable table in LakeTable.Partitioned.Where(table => table != LakeTable.Recordings))
        {
            foreach (string stray in workspace.Read(
                $"SELECT DISTINCT \"RecordingId\" FROM lake_{table.Name} "
                + "WHERE \"RecordingId\" NOT IN (SELECT \"RecordingId\" FROM lake_recordings) ORDER BY 1",
                row => row.GetString(0)))
                yield return new LakeDifference(month, stray, $"has {table.Name} in a part that does not name it");
        }

        foreach (RecordingId[] batch in ids.Chunk(BatchRecordings))
        {
            var settled = new List<Recording>();
            foreach (RecordingId id in batch)
            {
                Recording? row = await query.FindAsync(id, cancellationToken).ConfigureAwait(false);
                if (row is null or { Status: RecordingStatus.Forgotten })
                    yield return new LakeDifference(month, id.Value, "is in the lake, and has no row");
                else if (!row.Status.IsOpen() && !waiting.Contains(id))
                    settled.Add(row);
            }

            await writer.ReadAsync("true", settled, cancellationToken).ConfigureAwait(false);
            foreach (LakeTable table in LakeTable.Partitioned)
            {
                foreach ((string id, long missing, long extra) in Compare(workspace, table))
                    yield return new LakeDifference(month, id, $"{table.Name}: {missing} rows missing or different, {extra} too many or different");
            }
        }
    }

    private static List<(string Id, long Missing, long Extra)> Compare(LakeWorkspace workspace, LakeTable table)
    {
        string truth = $"SELECT * FROM true_{table.Name}";
        string lake = $"SELECT * FROM lake_{table.Name} WHERE \"RecordingId\" IN (SELECT \"RecordingId\" FROM true_recordings)";
        return workspace.Read(
            $"SELECT id, count(*) FILTER (lost), count(*) FILTER (NOT lost) FROM ("
            + $"SELECT \"RecordingId\" AS id, true AS lost FROM ({truth} EXCEPT ALL {lake}) "
            + $"UNION ALL SELECT \"RecordingId\", false FROM ({lake} EXCEPT ALL {truth})) GROUP BY id ORDER BY id",
            row => (row.GetString(0), row.GetInt64(1), row.GetInt64(2)));
    }
}

/// <summary>Where the lake is not what it should be.</summary>
/// <param name="Month">Of the part; empty for what stands beside them.</param>
/// <param name="RecordingId">The recording; empty for what stands beside the parts.</param>
/// <param name="What">What differs, to follow its name.</param>
public sealed record LakeDifference(string Month, string RecordingId, string What);
