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
    private static readonly TimeSpan s_unused = TimeSpan.FromHours(1); // what was superseded just now may be pinned again

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
                    string month = Path.Combine(Folder, part.Table, $"month={part.Month}");
                    if (await FetchAsync(part.BlobName, part.ETag, month, $"part-{part.Number:D4}", token).ConfigureAwait(false) is { } path)
                        files[part] = path;
                }).ConfigureAwait(false);
            if (files.Count < parts.Length || await FetchBesideAsync(cancellationToken).ConfigureAwait(false) is not { } beside)
                continue; // one was replaced since it was listed: look again
            if (LakeSnapshot.TryHold(Folder, parts, files, beside) is not { } snapshot)
                continue; // pruned by another just now
            Prune();
            return snapshot;
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

    // Null where one was replaced on the way.
    private async Task<Dictionary<LakeTable, string>?> FetchBesideAsync(CancellationToken cancellationToken)
    {
        var beside = new Dictionary<LakeTable, string>();
        foreach (LakeTable table in LakeTable.All.Where(table => !table.IsPartitioned))
        {
            string blobName = LakePart.Root + table.Files;
            if (await blobs.FindETagAsync(blobName, cancellationToken).ConfigureAwait(false) is not { } etag)
                continue;
            if (await FetchAsync(blobName, etag, Folder, table.Name, cancellationToken).ConfigureAwait(false) is not { } path)
                return null;
            beside[table] = path;
        }

        return beside;
    }

    private async Task<string?> FetchAsync(string blobName, string? etag, string folder, string name, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, $"{name}-{HashOf(etag ?? "")}.parquet");
        if (File.Exists(path))
        {
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime); // in use
            return path;
        }

        Directory.CreateDirectory(folder);
        string unfinished = $"{path}.{Path.GetRandomFileName()}.unfinished";
        if (!await blobs.TryDownloadAsync(blobName, etag, unfinished, cancellationToken).ConfigureAwait(false))
            return null;
        File.Move(unfinished, path, overwrite: true);
        return path;
    }

    // What is no file of the lake's lies in the folder itself, and is somebody's answer.
    private void Prune()
    {
        DateTime unused = time.GetUtcNow().UtcDateTime - s_unused;
        foreach (string file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            bool isOurs = Path.GetDirectoryName(file) != Folder || Path.GetExtension(file) == ".parquet";
            if (isOurs && File.GetLastWriteTimeUtc(file) <= unused && !LakeSnapshot.IsHeld(file))
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

/// <summary>The lake as it stood at one time: its files stay until this is disposed, whatever other processes fetch.</summary>
public sealed class LakeSnapshot : IDisposable
{
    private readonly List<FileStream> _held = [];

    private LakeSnapshot(
        string folder, IReadOnlyList<LakePart> parts, IReadOnlyDictionary<LakePart, string> files, IReadOnlyDictionary<LakeTable, string> beside) =>
        (Folder, Parts, Files, Beside) = (folder, parts, files, beside);

    /// <summary>Everything is below it.</summary>
    public string Folder { get; }

    /// <summary>In order of table, month and number.</summary>
    public IReadOnlyList<LakePart> Parts { get; }

    /// <summary>A file for each.</summary>
    public IReadOnlyDictionary<LakePart, string> Files { get; }

    /// <summary>Files of tables that come in one.</summary>
    public IReadOnlyDictionary<LakeTable, string> Beside { get; }

    /// <inheritdoc/>
    public void Dispose() => _held.ForEach(file => file.Dispose());

    /// <summary>Holds files by opening them, which the system tells all processes; null where one has gone.</summary>
    /// <param name="folder">Everything is below it.</param>
    /// <param name="parts">In order of table, month and number.</param>
    /// <param name="files">A file for each.</param>
    /// <param name="beside">Files of tables that come in one.</param>
    internal static LakeSnapshot? TryHold(
        string folder, IReadOnlyList<LakePart> parts, IReadOnlyDictionary<LakePart, string> files, IReadOnlyDictionary<LakeTable, string> beside)
    {
        var snapshot = new LakeSnapshot(folder, parts, files, beside);
        try
        {
            foreach (string file in files.Values.Concat(beside.Values))
                snapshot._held.Add(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0));
            return snapshot;
        }
        catch (IOException)
        {
            snapshot.Dispose();
            return null;
        }
    }

    /// <summary>Whether some process holds a file.</summary>
    internal static bool IsHeld(string file)
    {
        try
        {
            new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0).Dispose();
            return false;
        }
        catch (Exception busy) when (busy is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

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
