using System.Text.Json;
using NrSer.Emulator;

namespace NrSer.Cli.Local;

/// <summary>Where a running stack is, left in its data folder for the other commands.</summary>
/// <param name="ConnectionString">Of its storage emulator.</param>
/// <param name="AzuriteProcessId">Its emulator.</param>
/// <param name="OwnerProcessId">The process that runs the stages and ends the emulator.</param>
/// <param name="MendSince">What changed since then was to be mended after an emulator was killed; null where none was.</param>
/// <param name="MendedAt">When all of that was mended, in the emulator that runs; null where it was not.</param>
/// <remarks>Where it stays and no emulator runs, that one did not live to save what it had acknowledged.</remarks>
internal sealed record StackFile(
    string ConnectionString, int AzuriteProcessId, int OwnerProcessId, DateTimeOffset? MendSince = null, DateTimeOffset? MendedAt = null)
{
    private const string Name = "stack.json";

    /// <summary>Reads the file of a stack whose emulator is still running.</summary>
    /// <param name="dataFolder">The stack's folder, a full path.</param>
    /// <returns>Null when none runs there.</returns>
    public static StackFile? FindRunning(string dataFolder) =>
        Find(dataFolder) is { } stack && AzuriteProcess.IsRunning(stack.AzuriteProcessId, AzuriteFolder(dataFolder)) ? stack : null;

    /// <summary>Reads the file, whether or not the emulator is running.</summary>
    /// <param name="dataFolder">The stack's folder, a full path.</param>
    /// <returns>Null where there is none, or none that can be read.</returns>
    public static StackFile? Find(string dataFolder)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(dataFolder, Name)), StackJsonContext.Default.StackFile);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Where a stack's emulator keeps its data: one path, whichever leads there, since emulators are known by it.</summary>
    public static string AzuriteFolder(string dataFolder) => Path.Combine(WithoutLinks(Path.GetFullPath(dataFolder)), "azurite");

    /// <summary>What is to be mended now that this emulator was killed.</summary>
    /// <param name="savedUntil">What stood before then, it had saved.</param>
    /// <returns>Since then; and since an earlier kill where what was mended after that one may not have been saved.</returns>
    public StackFile Killed(DateTimeOffset savedUntil) =>
        this with { MendSince = MendSince is { } earlier && !(MendedAt <= savedUntil) ? earlier : savedUntil, MendedAt = null };

    /// <summary>Leaves the file.</summary>
    public void Write(string dataFolder)
    {
        string path = Path.Combine(dataFolder, Name);
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(this, StackJsonContext.Default.StackFile));
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Takes the file away.</summary>
    public static void Delete(string dataFolder) => File.Delete(Path.Combine(dataFolder, Name));

    private static string WithoutLinks(string path)
    {
        if (Path.GetDirectoryName(path) is not { } parent)
            return path;
        var folder = new DirectoryInfo(Path.Combine(WithoutLinks(parent), Path.GetFileName(path)));
        return folder.Exists && folder.ResolveLinkTarget(returnFinalTarget: true) is { } target ? WithoutLinks(target.FullName) : folder.FullName;
    }
}
