using System.Collections.Concurrent;
using System.Globalization;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Lake;

/// <summary>Rewrites parts of one month, each whole and only over what was seen of it.</summary>
/// <remarks>
/// Where a recording is, its part of <c>recordings</c> says: that one is written first when rows come, and last when they go. Killed in between,
/// the next run finds the recording there and writes the segments again; it never finds segments whose recording no part names.
/// </remarks>
internal sealed class LakeWriter(LakeBlobs blobs, PodcastStore podcasts, LakeOptions options, LakeWorkspace workspace, string month)
{
    private const int FilesAtOnce = 100; // so many open files and footers are held
    private const int RequestsAtOnce = 8;
    private const int EpisodeKeyChars = 16; // as Episode.KeyOf makes it

    private readonly Dictionary<(string Table, int Number), LakePart> _parts = [];

    /// <summary>Numbers of the month's parts, in order.</summary>
    public IReadOnlyList<int> Numbers => [.. _parts.Keys.Select(key => key.Number).Distinct().Order()];

    /// <summary>Looks what there is, and where each recording is.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await foreach (LakePart part in blobs.ListAsync(month, cancellationToken).ConfigureAwait(false))
            _parts[(part.Table, part.Number)] = part;
        workspace.Execute("CREATE OR REPLACE TABLE placed (id VARCHAR, part INTEGER)");
        foreach (int number in Numbers)
        {
            string? file = await DownloadAsync(LakeTable.Recordings, number, cancellationToken).ConfigureAwait(false);
            if (file is not null)
                workspace.Execute($"INSERT INTO placed SELECT \"RecordingId\", {number} FROM read_parquet({LakeWorkspace.Quote(file)})");
        }
    }

    /// <summary>The recordings of a part.</summary>
    public List<RecordingId> RecordingsOf(int number) =>
        workspace.Read($"SELECT id FROM placed WHERE part = {number} ORDER BY id", row => RecordingId.Parse(row.GetString(0)));

    /// <summary>Which recordings go into which part: their own, or the open one as long as it has room.</summary>
    /// <param name="recordings">In order of id.</param>
    public IEnumerable<IGrouping<int, Recording>> Place(IReadOnlyCollection<Recording> recordings)
    {
        var known = workspace.Read($"SELECT id, part FROM placed WHERE id IN ({IdsOf(recordings.Select(recording => recording.Id))})",
            row => (Id: row.GetString(0), Part: row.GetInt32(1))).ToDictionary(row => row.Id, row => row.Part, StringComparer.Ordinal);
        int open = _parts.Keys.Select(key => key.Number).DefaultIfEmpty(1).Max();
        long rows = _parts.GetValueOrDefault((LakeTable.Segments.Name, open))?.Rows ?? 0;
        var targets = new List<(int Part, Recording Recording)>();
        foreach (Recording recording in recordings)
        {
            if (known.TryGetValue(recording.Id.Value, out int own))
            {
                targets.Add((own, recording));
                continue;
            }

            long more = recording.SegmentCount ?? 0;
            if (rows > 0 && rows + more > options.MaxPartRows)
                (open, rows) = (open + 1, 0);
            rows += more;
            targets.Add((open, recording));
        }

        return targets.GroupBy(target => target.Part, target => target.Recording);
    }

    /// <summary>Writes recordings, as they stand now, into a part, over what it had of them.</summary>
    /// <param name="number">The part.</param>
    /// <param name="recordings">All have ended.</param>
    /// <param name="cancellationToken">Stops between files; what was replaced is whole.</param>
    public async Task PutAsync(int number, IReadOnlyCollection<Recording> recordings, CancellationToken cancellationToken)
    {
        foreach (LakeTable table in LakeTable.Partitioned)
            await DownloadAsync(table, number, cancellationToken).ConfigureAwait(false); // all that is needed, before anything is replaced
        await ReadAsync("new", recordings, cancellationToken).ConfigureAwait(false);
        foreach (LakeTable table in LakeTable.Partitioned)
        {
            string old = await OldAsync(table, number, cancellationToken).ConfigureAwait(false);
            await ReplaceAsync(
                table, number, $"SELECT * FROM ({old}) WHERE \"RecordingId\" NOT IN (SELECT \"RecordingId\" FROM new_recordings) "
                + $"UNION ALL SELECT * FROM new_{table.Name}", cancellationToken).ConfigureAwait(false);
            if (table == LakeTable.Recordings)
            {
                workspace.Execute(
                    $"INSERT INTO placed SELECT \"RecordingId\", {number} FROM new_recordings WHERE \"RecordingId\" NOT IN (SELECT id FROM placed)");
            }
        }
    }

    /// <summary>Reads what the lake is to have of recordings into a table for each of its own.</summary>
    /// <param name="prefix">Begins the tables' names, before an underscore.</param>
    /// <param name="recordings">All have ended.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task ReadAsync(string prefix, IReadOnlyCollection<Recording> recordings, CancellationToken cancellationToken)
    {
        workspace.Create($"{prefix}_{LakeTable.Recordings.Name}", recordings);
        await ReadEpisodesAsync($"{prefix}_{LakeTable.Episodes.Name}", recordings, cancellationToken).ConfigureAwait(false);
        await ReadJournalAsync($"{prefix}_{LakeTable.Segments.Name}", recordings, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes recordings out of the parts that have them.</summary>
    /// <param name="recordings">Any.</param>
    /// <param name="cancellationToken">Stops between files; call it again then.</param>
    /// <returns>How many were there.</returns>
    public async Task<int> RemoveAsync(RecordingId[] recordings, CancellationToken cancellationToken)
    {
        int removed = 0;
        foreach (int number in recordings.Length == 0 ? [] : Numbers)
        {
            RecordingId[] here = [.. RecordingsOf(number).Intersect(recordings)];
            removed += here.Length;
            if (here.Length > 0)
                await RemoveAsync(number, here, cancellationToken).ConfigureAwait(false);
        }

        return removed;
    }

    /// <summary>Takes recordings out of a part, segments first: a recording that no part names any more has no rows left.</summary>
    /// <param name="number">The part.</param>
    /// <param name="recordings">Any.</param>
    /// <param name="cancellationToken">Stops between files; call it again then.</param>
    public async Task RemoveAsync(int number, IReadOnlyCollection<RecordingId> recordings, CancellationToken cancellationToken)
    {
        foreach (LakeTable table in LakeTable.Partitioned.Reverse())
        {
            string old = await OldAsync(table, number, cancellationToken).ConfigureAwait(false);
            await ReplaceAsync(table, number, $"SELECT * FROM ({old}) WHERE \"RecordingId\" NOT IN ({IdsOf(recordings)})", cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>SQL for the rows that a part has now.</summary>
    public async Task<string> OldAsync(LakeTable table, int number, CancellationToken cancellationToken)
    {
        string? file = await DownloadAsync(table, number, cancellationToken).ConfigureAwait(false);
        return table.Conform(LakeWorkspace.Files(file is null ? [] : [file]));
    }

    /// <summary>Reads the episodes that recordings are into a table. An upload's name leads to it: its folder is its feed's, and it ends with its
    /// key.</summary>
    private async Task ReadEpisodesAsync(string name, IEnumerable<Recording> recordings, CancellationToken cancellationToken)
    {
        Recording[] below = [.. recordings.Where(recording => PrefixOf(recording) is not null)];
        ILookup<string, string> feeds = below.Length == 0 ? Enumerable.Empty<string>().ToLookup(prefix => prefix, StringComparer.Ordinal)
            : (await podcasts.FeedsAsync(cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false))
                .ToLookup(feed => feed.NamePrefix, feed => feed.Id, StringComparer.Ordinal);
        var found = new ConcurrentBag<(string Recording, Episode Episode)>();
        await Parallel.ForEachAsync(below, Several(cancellationToken), async (recording, token) =>
        {
            string file = Path.GetFileNameWithoutExtension(recording.BlobName!);
            string key = file[Math.Max(0, file.Length - EpisodeKeyChars)..];
            if (!key.All(char.IsAsciiHexDigit))
                return; // somebody else's upload
            foreach (string feed in feeds[PrefixOf(recording)!])
            {
                Episode? episode = await podcasts.FindEpisodeAsync(feed, key, token).ConfigureAwait(false);
                if (episode?.BlobName == recording.BlobName)
                    found.Add((recording.Id.Value, episode!));
            }
        }).ConfigureAwait(false);
        workspace.Create(name, LakeTable.Episodes, found.Select(row =>
            EpisodeColumns.Told.Select(column => column.ValueOf(row.Episode)).Prepend(row.Recording)));
    }

    /// <summary>Reads the journal of recordings into a table: a few files at a time, since each costs memory. Those that were rejected have nothing
    /// there.</summary>
    private async Task ReadJournalAsync(string name, IEnumerable<Recording> recordings, CancellationToken cancellationToken)
    {
        workspace.Create(name, LakeTable.Segments);
        foreach (Recording[] batch in recordings.Where(recording => !recording.Status.IsVoid()).Chunk(FilesAtOnce))
        {
            var files = new ConcurrentBag<string>();
            await Parallel.ForEachAsync(
                batch, Several(cancellationToken), async (recording, token) =>
                {
                    string path = workspace.PathOf($"{recording.Id}.parquet");
                    // one that failed before its chunks ended has none
                    if (await blobs.TryDownloadAsync(ResultBlobs.SegmentsName(recording.Id), etag: null, path, token).ConfigureAwait(false))
                        files.Add(path);
                }).ConfigureAwait(false);
            string[] sorted = [.. files.Order(StringComparer.Ordinal)];
            if (sorted.Length > 0)
                workspace.Execute($"INSERT INTO {name} {LakeTable.Segments.Conform(LakeWorkspace.Files(sorted))}");
            foreach (string file in sorted)
                File.Delete(file);
        }
    }

    private static ParallelOptions Several(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = RequestsAtOnce, CancellationToken = cancellationToken };

    /// <summary>What names the feed of a podcast's upload; null for others.</summary>
    private static string? PrefixOf(Recording recording) =>
        recording.BlobName is { } name && name.StartsWith(StorageNames.PodcastsPrefix, StringComparison.Ordinal)
            ? name[..(name.LastIndexOf('/') + 1)] : null;

    private static string IdsOf(IEnumerable<RecordingId> ids) => string.Join(", ", ids.Select(id => $"'{id}'").DefaultIfEmpty("''"));

    private async Task<string?> DownloadAsync(LakeTable table, int number, CancellationToken cancellationToken)
    {
        if (!_parts.TryGetValue((table.Name, number), out LakePart? part))
            return null;
        string path = PathOf(part);
        if (File.Exists(path))
            return path;
        return await blobs.TryDownloadAsync(part.BlobName, part.ETag, path, cancellationToken).ConfigureAwait(false)
            ? path : throw new InvalidOperationException($"{part.BlobName} was changed while it was being compacted; the next run will see how.");
    }

    private async Task ReplaceAsync(LakeTable table, int number, string rows, CancellationToken cancellationToken)
    {
        LakePart seen = _parts.GetValueOrDefault((table.Name, number)) ?? new LakePart(table.Name, month, number, ETag: null, Rows: 0, Bytes: 0);
        string path = workspace.PathOf("new.parquet");
        int count = workspace.Write(table, rows, path);
        if (seen is { ETag: not null, Rows: 0 } && count == 0)
            return; // empty as it was: without podcasts, all parts of episodes are
        LakePart written = await blobs.ReplaceAsync(seen, path, count, cancellationToken).ConfigureAwait(false);
        File.Delete(PathOf(seen));
        _parts[(table.Name, number)] = written;
        File.Move(path, PathOf(written), overwrite: true);
    }

    private string PathOf(LakePart part) =>
        workspace.PathOf(string.Create(CultureInfo.InvariantCulture, $"{part.Table}-{part.Month}-{part.Number}-{part.ETag?.Trim('"')}.parquet"));
}
