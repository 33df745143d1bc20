using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace NrSer.Pipeline.Lake;

/// <summary>The lake's files in a folder of this machine, by ETag: what is there is not fetched again, and what is read stays as it was
/// pinned.</summary>
/// <param name="blobs">The lake.</param>
/// <param name="folder">Where caches are; each lake has a folder of its own there.</param>
/// <param name="time">The clock.</param>
public sealed class LakeCache(LakeBlobs blobs, string folder, TimeProvider time)
{
    private const int Attempts = 20; // a lake that is rewritten faster than it is fetched
    private const int DownloadsAtOnce = 4;
    private static readonly TimeSpan s_inUse = TimeSpan.FromHours(1); // a superseded file may still be read by a query that pinned it

    /// <summary>This lake's folder.</summary>
    /// <remarks>An emulator has another port whenever it starts.</remarks>
    public string Folder { get; } =
        Path.Combine(Path.GetFullPath(folder), HashOf(blobs.Address.IsLoopback ? blobs.Address.AbsolutePath : blobs.Address.ToString()));

    /// <summary>Where caches are if nobody says otherwise.</summary>
    public static string DefaultFolder { get; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".cache", "nrser", "lake");

    /// <summary>Pins the lake as it stands: every part as of one listing.</summary>
    /// <param name="cancellationToken">Stops between files.</param>
    /// <returns>Null before the lake was first compacted.</returns>
    /// <exception cref="IOException">It is rewritten faster than it can be fetched.</exception>
    public async Task<LakeSnapshot?> PinAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            LakePart[] parts = await blobs.ListAsync(month: null, cancellationToken).ToArrayAsync(cancellationToken).ConfigureAwait(false);
            if (parts.Length == 0)
                return null;
            var files = new ConcurrentDictionary<LakePart, string>();
            await Parallel.ForEachAsync(
                parts, new ParallelOptions { MaxDegreeOfParallelism = DownloadsAtOnce, CancellationToken = cancellationToken },
                async (part, token) =>
                {
                    if (await FetchAsync(part, token).ConfigureAwait(false) is { } path)
                        files[part] = path;
                }).ConfigureAwait(false);
            if (files.Count < parts.Length)
                continue; // one was replaced since it was listed: look again
            var beside = new Dictionary<LakeTable, string>();
            foreach (LakeTable table in LakeTable.All.Where(table => !table.IsPartitioned))
            {
                string path = Path.Combine(Folder, table.Files);
                if (await TryFetchAsync(LakePart.Root + table.Files, etag: null, path, cancellationToken).ConfigureAwait(false))
                    beside[table] = path;
            }

            Prune([.. files.Values]);
            return new LakeSnapshot(Folder, parts, parts.ToDictionary(part => part, part => files[part]), beside);
        }

        throw new IOException("The lake is being rewritten faster than it can be fetched. Try again when the compaction has ended.");
    }

    /// <summary>Removes everything that was fetched, as when something of it was forgotten. What is being read stays readable where the system
    /// allows it.</summary>
    public void Clear()
    {
        if (!Directory.Exists(Folder))
            return;
        foreach (string file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
            DeleteIfPossible(file);
    }

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    private async Task<string?> FetchAsync(LakePart part, CancellationToken cancellationToken)
    {
        string path = Path.Combine(Folder, part.Table, $"month={part.Month}", $"part-{part.Number:D4}-{HashOf(part.ETag ?? "")}.parquet");
        if (File.Exists(path))
        {
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime); // in use
            return path;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return await TryFetchAsync(part.BlobName, part.ETag, path, cancellationToken).ConfigureAwait(false) ? path : null;
    }

    private async Task<bool> TryFetchAsync(string blobName, string? etag, string path, CancellationToken cancellationToken)
    {
        string unfinished = $"{path}.{Path.GetRandomFileName()}.unfinished";
        if (!await blobs.TryDownloadAsync(blobName, etag, unfinished, cancellationToken).ConfigureAwait(false))
            return false;
        File.Move(unfinished, path, overwrite: true);
        return true;
    }

    private void Prune(HashSet<string> pinned)
    {
        DateTime unused = time.GetUtcNow().UtcDateTime - s_inUse;
        foreach (string file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            if (pinned.Contains(file) || Path.GetDirectoryName(file) == Folder || File.GetLastWriteTimeUtc(file) > unused)
                continue;
            DeleteIfPossible(file);
        }
    }

    private static void DeleteIfPossible(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception busy) when (busy is IOException or UnauthorizedAccessException)
        {
            // Read by somebody, where that keeps a file from being deleted.
        }
    }
}

/// <summary>The lake as it stood at one time.</summary>
/// <param name="Folder">Everything is below it.</param>
/// <param name="Parts">In order of table, month and number.</param>
/// <param name="Files">A file for each.</param>
/// <param name="Beside">Files of tables that come in one.</param>
public sealed record LakeSnapshot(
    string Folder, IReadOnlyList<LakePart> Parts, IReadOnlyDictionary<LakePart, string> Files, IReadOnlyDictionary<LakeTable, string> Beside)
{
    /// <summary>Copies it into a folder, by the names that its blobs have; parts that are there and are not the lake's are removed.</summary>
    /// <param name="folder">Made if there is none.</param>
    public void CopyTo(string folder)
    {
        string NameOf(LakePart part) => Path.Combine(folder, part.BlobName[LakePart.Root.Length..]);

        foreach (LakePart part in Parts)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(NameOf(part))!);
            File.Copy(Files[part], $"{NameOf(part)}.unfinished", overwrite: true);
            File.Move($"{NameOf(part)}.unfinished", NameOf(part), overwrite: true);
        }

        foreach ((LakeTable table, string file) in Beside)
            File.Copy(file, Path.Combine(folder, table.Files), overwrite: true);
        HashSet<string> known = [.. Parts.Select(NameOf)];
        foreach (LakeTable table in LakeTable.Partitioned.Where(table => Directory.Exists(Path.Combine(folder, table.Name))))
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, table.Name), "part-*.parquet", SearchOption.AllDirectories))
            {
                if (!known.Contains(file))
                    File.Delete(file);
            }
        }
    }
}
