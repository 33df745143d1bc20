namespace NrSer.Cli;

/// <summary>
/// A file in the making, beside its target under a name of its own: a failure must not leave half a file that looks finished, nor spoil
/// an earlier one.
/// </summary>
internal sealed class UnfinishedFile : IAsyncDisposable
{
    private readonly string _target;
    private readonly string _path;

    /// <param name="target">Where the file shall be once it is whole.</param>
    /// <exception cref="UsageException">The target is a folder, or in a folder that does not exist.</exception>
    public UnfinishedFile(FileInfo target)
    {
        if (Directory.Exists(target.FullName))
            throw new UsageException($"{target} is a folder; a file to write is wanted.");
        if (target.Directory is { Exists: false } folder)
            throw new UsageException($"There is no folder {folder.FullName} to write {target.Name} into.");
        _target = target.FullName;
        _path = _target + ".unfinished";
        Content = File.Create(_path);
    }

    /// <summary>Receives the content.</summary>
    public FileStream Content { get; }

    /// <summary>The file is whole: gives it its name.</summary>
    public async Task FinishAsync()
    {
        await Content.DisposeAsync();
        File.Move(_path, _target, overwrite: true);
    }

    /// <summary>Removes what was not finished.</summary>
    public async ValueTask DisposeAsync()
    {
        await Content.DisposeAsync();
        File.Delete(_path);
    }
}
