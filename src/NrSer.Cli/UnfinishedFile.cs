namespace NrSer.Cli;

/// <summary>
/// A file in the making, beside its target under a name of its own: a failure must not leave half a file that looks finished, nor spoil
/// an earlier one. What has no content to spoil is written in place: an empty file, and devices and pipes, which look like one.
/// </summary>
internal sealed class UnfinishedFile : IAsyncDisposable
{
    private readonly string _target;
    private readonly string? _path; // null when written in place

    /// <param name="target">Where the file shall be once it is whole; a link stands for what it points to.</param>
    /// <exception cref="UsageException">The target is a folder, or in a folder that does not exist.</exception>
    public UnfinishedFile(FileInfo target)
    {
        if (Directory.Exists(target.FullName))
            throw new UsageException($"{target} is a folder; a file to write is wanted.");
        if (target.Directory is { Exists: false } folder)
            throw new UsageException($"There is no folder {folder.FullName} to write {target.Name} into.");
        _target = target.LinkTarget is null ? target.FullName : target.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        if (new FileInfo(_target) is { Exists: true, Length: 0 })
        {
            Content = new FileStream(_target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            return;
        }

        for (int attempt = 0; ; attempt++)
        {
            _path = $"{_target}.{Environment.ProcessId}-{attempt}.unfinished";
            try
            {
                Content = new FileStream(_path, FileMode.CreateNew, FileAccess.ReadWrite);
                return;
            }
            catch (IOException) when (File.Exists(_path))
            {
                // Somebody else's, or of an earlier process with this id.
            }
        }
    }

    /// <summary>Receives the content.</summary>
    public FileStream Content { get; }

    /// <summary>The file is whole: gives it its name.</summary>
    public async Task FinishAsync()
    {
        await Content.DisposeAsync();
        if (_path is not null)
            File.Move(_path, _target, overwrite: true);
    }

    /// <summary>Removes what was not finished.</summary>
    public async ValueTask DisposeAsync()
    {
        await Content.DisposeAsync();
        if (_path is not null)
            File.Delete(_path);
    }
}
