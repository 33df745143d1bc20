using NrSer.Pipeline;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;

namespace NrSer.Cli.Commands;

/// <summary>Finds the recording that a person means.</summary>
internal static class RecordingLookup
{
    /// <summary>By id, or by blob name, of which the latest upload counts.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static async Task<RecordingRow> FindAsync(ResultTables tables, string wanted, DateOnly from, DateOnly to, CancellationToken cancellationToken)
    {
        if (RecordingId.TryParse(wanted, out RecordingId id) && await tables.FindRecordingAsync(id, cancellationToken) is { } row)
            return row;
        RecordingRow? latest = null;
        await foreach (RecordingRow candidate in tables.RecordingsAsync(from, to, cancellationToken))
        {
            if (candidate.BlobName == wanted && (latest is null || candidate.UploadedAt > latest.UploadedAt))
                latest = candidate;
        }

        return latest ?? throw new UsageException($"There is no recording '{wanted}' among those uploaded from {from:yyyy-MM-dd} to {to:yyyy-MM-dd}. See: nrser status");
    }
}
