namespace NrSer.Cli.Models;

/// <summary>The folder of a model in the making, where an interrupted run is gone on with.</summary>
internal static class UnfinishedModel
{
    /// <summary>The folder, with all that is in it from an interrupted run.</summary>
    /// <param name="installed">Receives the model.</param>
    /// <param name="name">What it shall be called.</param>
    public static string Begin(InstalledModels installed, string name) =>
        Directory.CreateDirectory(Path.Combine(installed.Folder, InstalledModels.Unfinished, name)).FullName;

    /// <summary>It is made: the folder is not needed any more.</summary>
    /// <param name="stage">The folder.</param>
    public static void End(string stage)
    {
        Directory.Delete(stage, recursive: true);
        string unfinished = Path.GetDirectoryName(stage)!;
        if (!Directory.EnumerateFileSystemEntries(unfinished).Any())
            Directory.Delete(unfinished);
    }
}
