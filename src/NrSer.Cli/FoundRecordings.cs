using Microsoft.Extensions.FileSystemGlobbing;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;

namespace NrSer.Cli;

/// <summary>The recordings that sources name: files, folders, globs.</summary>
/// <param name="Files">What is to be uploaded, with the names it will have, in their order.</param>
/// <param name="Skipped">Files of folders that are no recordings, and folders that were not looked into, with the reason.</param>
/// <param name="Refused">Files that cannot have their names in a storage, with the reason.</param>
internal sealed record FoundRecordings(
    IReadOnlyList<(FileInfo File, string BlobName)> Files, IReadOnlyList<(string Path, string Reason)> Skipped,
    IReadOnlyList<(string Path, string Reason)> Refused)
{
    private const string Illegible =
        "Its name holds a control character, or is not UTF-8: no storage could list it, or anything beside it. Rename it.";

    /// <summary>Looks for them.</summary>
    /// <param name="sources">Files and matches of globs are taken whatever they are; what lies in a folder is asked for its content.</param>
    /// <param name="cancellationToken">Stops between files.</param>
    /// <exception cref="UsageException">A source names nothing, or two files would have one name.</exception>
    public static async Task<FoundRecordings> FindAsync(IEnumerable<string> sources, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<string, FileInfo>(StringComparer.Ordinal);
        var skipped = new List<(string Path, string Reason)>();
        var refused = new List<(string Path, string Reason)>();
        foreach (string source in sources)
        {
            bool any = false;
            if (Directory.Exists(source))
            {
                foreach (string path in FilesBelow(new DirectoryInfo(source), skipped).Order(StringComparer.Ordinal))
                {
                    if (IsIllegible(path))
                        Add(path, path);
                    else if (await ObstacleAsync(path, cancellationToken) is { } reason)
                        skipped.Add((path, reason));
                    else
                        Add(Path.GetRelativePath(source, path).Replace('\\', '/'), path);
                }
            }
            else if (File.Exists(source))
            {
                Add(Path.GetFileName(source), source);
            }
            else if (source.AsSpan().ContainsAny('*', '?'))
            {
                string root = RootOf(source, out string pattern);
                foreach (string path in new Matcher(StringComparison.OrdinalIgnoreCase).AddInclude(pattern).GetResultsInFullPath(root))
                    Add(Path.GetRelativePath(root, path).Replace('\\', '/'), path);
            }

            if (!any)
            {
                string others = skipped.Count > 0 ? $" {skipped.Count} files are none, such as {skipped[0].Path}: {skipped[0].Reason}" : "";
                throw new UsageException($"'{source}' names no recording: no such file, or a folder or pattern without any.{others}");
            }

            void Add(string name, string path)
            {
                any = true;
                if (IsIllegible(name))
                {
                    refused.Add((path, Illegible));
                    return;
                }

                if (found.TryGetValue(name, out FileInfo? other) && other.FullName != Path.GetFullPath(path))
                {
                    throw new UsageException(
                        $"Both {other.FullName} and {Path.GetFullPath(path)} would be called '{name}'. Ingest them one folder at a time.");
                }

                found[name] = new FileInfo(path);
            }
        }

        return new([.. found.Select(pair => (pair.Value, pair.Key))], skipped, refused);
    }

    /// <summary>Why a recording cannot have a name in a storage; null when it can.</summary>
    public static string? WhatIsWrongWith(string name) =>
        IsIllegible(name) ? Illegible
        : name.Length > 1024 ? "It has more than 1,024 characters." // Azure Storage, naming of blobs
        : name.Split('/').Any(part => part is "" or "." or "..") || name.Contains('\\') || name.EndsWith('.')
            ? "It is no path within a storage, such as 2020/interview.mp3."
        : null;

    // U+FFFD is what the runtime makes of bytes that are no UTF-8: no file has the name then.
    private static bool IsIllegible(string name) => name.Any(char.IsControl) || name.AsSpan().ContainsAny('\uFFFD', '\uFFFE', '\uFFFF');

    // Links to files are followed, links to folders not: they may lead back.
    private static List<string> FilesBelow(DirectoryInfo folder, List<(string Path, string Reason)> skipped)
    {
        var files = new List<string>();
        try
        {
            var all = new EnumerationOptions { IgnoreInaccessible = false, AttributesToSkip = FileAttributes.None };
            foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos("*", all))
            {
                if (entry is not DirectoryInfo below || IsIllegible(below.Name))
                    files.Add(entry.FullName);
                else if (below.LinkTarget is null)
                    files.AddRange(FilesBelow(below, skipped));
                else
                    skipped.Add((entry.FullName, "It is a link to a folder, which may lead back: name that folder too."));
            }
        }
        catch (Exception closed) when (closed is UnauthorizedAccessException or IOException)
        {
            skipped.Add((folder.FullName, closed.Message));
        }

        return files;
    }

    private static async Task<string?> ObstacleAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            if (new FileInfo(path).Length == 0) // opening a pipe would wait for somebody to write
                return "It is empty, or no regular file.";
            await using FileStream content = File.OpenRead(path);
            return await AudioDecoder.FindObstacleAsync(content, new RecordingHints { Name = path }, cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    // The part of a glob before its first wildcard, and the rest.
    private static string RootOf(string glob, out string pattern)
    {
        string[] parts = glob.Split('/', '\\');
        int wild = Array.FindIndex(parts, part => part.AsSpan().ContainsAny('*', '?'));
        pattern = string.Join('/', parts[wild..]);
        string root = string.Join('/', parts[..wild]);
        return root.Length > 0 ? root : Path.IsPathRooted(glob) ? "/" : ".";
    }
}
