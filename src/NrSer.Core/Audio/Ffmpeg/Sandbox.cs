using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>
/// Namespaces of its own around a program, made by bubblewrap: no network, no other process in sight, a root that cannot be written to,
/// an empty /tmp.
/// </summary>
internal sealed class Sandbox
{
    // The mount of the file means nothing inside, but what is open stays open, and can be opened anew by this name, to seek in.
    private const string StandardInput = "/proc/self/fd/0";

    // Where other people's files and the host's sockets are.
    private static readonly string[] s_covered = ["/tmp", "/var/tmp", "/run", "/home", "/root"];

    private static readonly ConcurrentDictionary<(string Bubblewrap, string Program), Task<(Sandbox? Sandbox, string? Obstacle)>> s_tried = new();

    private readonly string[] _walls;

    private Sandbox(string[] walls) => _walls = walls;

    /// <summary>Finds out whether a program can be run in one here. Each program is tried once in the life of this process.</summary>
    /// <param name="bubblewrap">What makes it: a path, or a name to be found on PATH.</param>
    /// <param name="programPath">The program's full path.</param>
    /// <param name="tryArgument">With which it ends at once, with success.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <returns>The sandbox, or why there is none.</returns>
    public static Task<(Sandbox? Sandbox, string? Obstacle)> FindAsync(
        string bubblewrap, string programPath, string tryArgument, CancellationToken cancellationToken) =>
        s_tried.GetOrAdd((bubblewrap, programPath), tried => TryAsync(tried.Bubblewrap, tried.Program, tryArgument)).WaitAsync(cancellationToken);

    /// <summary>What the program is started by, up to its own path.</summary>
    /// <param name="filePath">
    /// A file that it is to read instead of its standard input, or null. Receives what it is called inside.
    /// </param>
    public IEnumerable<string> Around(ref string? filePath)
    {
        if (filePath is null)
            return _walls;
        string[] opened = ["/bin/sh", "-c", "exec \"$@\" < \"$0\"", filePath, .. _walls];
        filePath = StandardInput;
        return opened;
    }

    private static string[] WallsAround(string bwrapPath, string programPath)
    {
        string target = File.ResolveLinkTarget(programPath, returnFinalTarget: true)?.FullName ?? programPath;
        // Not --die-with-parent: that is told of the end of the thread that started it, and threads of a pool come and go.
        List<string> walls =
        [
            bwrapPath, "--unshare-all", "--new-session", "--cap-drop", "ALL",
            "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--chdir", "/",
        ];
        if (Executable.Find("setsid") is { } setsidPath)
            walls.Insert(0, setsidPath); // Ctrl-C would end what stands around the program, and leave the program
        foreach (string folder in s_covered)
        {
            if (Directory.Exists(folder) && !IsWithin(programPath, folder) && !IsWithin(target, folder))
                walls.AddRange(["--tmpfs", folder]);
        }

        return [.. walls, "--"];
    }

    private static bool IsWithin(string path, string folder) => path.StartsWith($"{folder}/", StringComparison.Ordinal);

    private static async Task<(Sandbox? Sandbox, string? Obstacle)> TryAsync(string bubblewrap, string programPath, string tryArgument)
    {
        if (!OperatingSystem.IsLinux())
            return (null, "bubblewrap is for Linux");
        if (Executable.Find(bubblewrap) is not { } bwrapPath)
            return (null, "bubblewrap is not installed");
        try
        {
            string[] walls = WallsAround(bwrapPath, programPath);
            ProcessStartInfo start = new(walls[0], [.. walls[1..], programPath, tryArgument])
            {
                UseShellExecute = false, CreateNoWindow = true, RedirectStandardOutput = true, RedirectStandardError = true,
            };
            start.Environment.Clear();
            using Process process = Process.Start(start)!; // null only with UseShellExecute
            Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            string said = await process.StandardError.ReadToEndAsync(CancellationToken.None).ConfigureAwait(false);
            await output.ConfigureAwait(false);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            return process.ExitCode == 0 ? (new Sandbox(walls), null) : (null, said.ReplaceLineEndings(" ").Trim());
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
            return (null, exception.Message);
        }
    }
}
