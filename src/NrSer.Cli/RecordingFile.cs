namespace NrSer.Cli;

/// <summary>A recording that the command line names.</summary>
internal static class RecordingFile
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>The share of it that was read, for a progress bar; 0 where that cannot be known, as with a pipe.</summary>
    public static double ShareRead(FileStream content) => content is { CanSeek: true, Length: > 0 } ? content.Position / (double)content.Length : 0;

    /// <summary>Opens it for reading from front to back.</summary>
    /// <exception cref="UsageException">There is no such file, or it is a folder.</exception>
    public static FileStream Open(FileInfo file)
    {
        if (Directory.Exists(file.FullName))
            throw new UsageException($"{file} is a folder; a recording is wanted.");
        if (!file.Exists)
            throw new UsageException($"There is no file {file}.");
        return new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
    }
}
