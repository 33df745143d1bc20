namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Finds programs as a shell would, so that they can be started with an empty environment.</summary>
internal static class Executable
{
    /// <summary>The full path of a program.</summary>
    /// <param name="name">A path, or a name to be looked for on PATH.</param>
    /// <returns>Null when there is none.</returns>
    public static string? Find(string name)
    {
        if (Path.GetFileName(name) != name)
            return FindFile(Path.GetFullPath(name));

        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        foreach (string folder in path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            if (Path.IsPathRooted(folder) && FindFile(Path.Combine(folder, name)) is { } found)
                return found;
        }

        return null;
    }

    private static string? FindFile(string path)
    {
        if (File.Exists(path))
            return path;
        string withExtension = path + ".exe";
        return OperatingSystem.IsWindows() && File.Exists(withExtension) ? withExtension : null;
    }
}
