using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace NrSer.Emulator;

/// <summary>A running storage emulator on free ports of 127.0.0.1, stopped cleanly when disposed.</summary>
/// <remarks>
/// It gets a session of its own: Ctrl-C in a terminal reaches every process of the foreground group, and the emulator must outlive the
/// stages that still write to it. It also outlives an owner that was killed; the next owner adopts it, because two emulators on one folder
/// would overwrite each other's data.
/// </remarks>
public sealed partial class AzuriteProcess : IAsyncDisposable
{
    private const string Account = "devstoreaccount1";
    private const string OnDisk = "--location", InMemory = "--inMemoryPersistence"; // its options
    // Every emulator's, documented.
    private const string PublicKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private const long LargestText = (1L << 29) - 24; // V8, String::kMaxLength on 64 bits

    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(3); // of a machine that is busy; one that fails ends at once
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromMinutes(1); // it closes three servers and writes out what they have

    private static readonly TimeSpan s_lookInterval = TimeSpan.FromMilliseconds(100);

    private readonly Process _process;

    private AzuriteProcess(Process process, string connectionString)
    {
        _process = process;
        ConnectionString = connectionString;
    }

    /// <summary>The file in which the emulator lists its blobs: written within seconds of every change, and only then.</summary>
    /// <param name="folder">Its data.</param>
    public static string BlobListOf(string folder) => Path.Combine(folder, "__azurite_db_blob__.json");

    /// <summary>The file of its tables, with all rows: written like the list of its blobs.</summary>
    /// <param name="folder">Its data.</param>
    public static string RowListOf(string folder) => Path.Combine(folder, "__azurite_db_table__.json");

    /// <summary>When it last began to write one of its lists: what it acknowledged after that may not stand in it.</summary>
    /// <remarks>It writes each anew and puts it in the place of the last, whose birth Windows gives to it.</remarks>
    /// <param name="list">As <see cref="BlobListOf"/> and <see cref="RowListOf"/>.</param>
    public static DateTime SaveBegunAt(string list) => OperatingSystem.IsWindows() ? File.GetLastWriteTimeUtc(list) : File.GetCreationTimeUtc(list);

    /// <summary>Until when everything that it acknowledged, rows and blobs, stands in its lists.</summary>
    /// <param name="folder">Its data.</param>
    public static DateTime SavedUntil(string folder) => new[] { BlobListOf(folder), RowListOf(folder) }.Min(SaveBegunAt);

    /// <summary>From where on nothing more should be begun.</summary>
    public const double Full = 0.9;

    /// <summary>How full it is, 0–1: it writes out all of its rows as one text, its list of blobs as another, and a text of Node.js has at most 2^29
    /// characters. Beyond that nothing is saved any more.</summary>
    /// <param name="folder">Its data.</param>
    public static double FullnessOf(string folder)
    {
        var files = new DirectoryInfo(folder);
        return files.Exists ? files.EnumerateFiles("__azurite_db_*.json").Max(list => (long?)list.Length) / (double)LargestText ?? 0 : 0;
    }

    /// <summary>For the emulator's account.</summary>
    public string ConnectionString { get; }

    /// <summary>The emulator's process.</summary>
    public int ProcessId => _process.Id;

    // Its folder may have been moved since.
    private bool IsAlive => IsEmulator(ProcessId, command => command.Contains(OnDisk, StringComparer.Ordinal)
        || command.Contains(InMemory, StringComparer.Ordinal));

    /// <summary>Ends when the emulator does, whoever ended it.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        while (IsAlive) // an adopted emulator is no child of this process: nobody tells when it ends
            await Task.Delay(s_lookInterval, cancellationToken);
    }

    /// <summary>Whether a process is the emulator of a folder, by whichever path that is named. Ids are used again, so its command line and where it
    /// works decide, where that can be read.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="folder">As given to <see cref="StartAsync(string, string, CancellationToken)"/>.</param>
    public static bool IsRunning(int processId, string folder) => IsOf(processId, folder, whereHidden: true);

    /// <param name="processId">The process.</param>
    /// <param name="folder">Its data.</param>
    /// <param name="whereHidden">What to take an emulator for that belongs to another user, who alone may see where it works.</param>
    private static bool IsOf(int processId, string folder, bool whereHidden) => IsEmulator(processId, command =>
        command.Contains(folder, StringComparer.Ordinal)
            || (command.Contains(OnDisk, StringComparer.Ordinal) && (IsSame($"/proc/{processId}/cwd", folder) ?? whereHidden)));

    private static bool IsEmulator(int processId, Func<string[], bool> isMeant)
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return isMeant(File.ReadAllText($"/proc/{processId}/cmdline").Split('\0'));
            using var process = Process.GetProcessById(processId);
            return !process.HasExited && process.ProcessName.Contains("node", StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    // Mounted twice, one folder has two paths: what is put into the one is in the other then.
    private static bool? IsSame(string link, string folder)
    {
        if (new FileInfo(link).LinkTarget is not { } target)
            return null;
        if (target == folder)
            return true;
        string name = $".{Path.GetRandomFileName()}", probe = Path.Combine(folder, name);
        if (!Directory.Exists(folder))
            return false;
        using FileStream ending = new(probe, FileMode.CreateNew, FileAccess.Write, FileShare.Delete, bufferSize: 1, FileOptions.DeleteOnClose);
        return File.Exists(Path.Combine(link, name));
    }

    /// <summary>Ends emulators on a folder that nobody knows how to reach: their owner was killed while they started, so they hold no data
    /// yet.</summary>
    /// <param name="folder">As given to <see cref="StartAsync(string, string, CancellationToken)"/>.</param>
    public static async Task EndStraysAsync(string folder)
    {
        foreach (Process process in OperatingSystem.IsLinux() ? Process.GetProcessesByName("node") : []) // elsewhere a command line cannot be read
        {
            using (process)
            {
                if (!IsOf(process.Id, folder, whereHidden: false))
                    continue;
                process.Kill();
                while (IsOf(process.Id, folder, whereHidden: false))
                    await Task.Delay(s_lookInterval, TimeProvider.System);
            }
        }
    }

    /// <summary>Takes over an emulator whose owner was killed.</summary>
    /// <param name="processId">One that <see cref="IsRunning"/>.</param>
    /// <param name="connectionString">As its first owner had it.</param>
    public static AzuriteProcess Adopt(int processId, string connectionString) => new(Process.GetProcessById(processId), connectionString);

    /// <summary>Starts the emulator and waits until it listens.</summary>
    /// <param name="script">From <see cref="AzuriteInstallation.EnsureAsync"/>.</param>
    /// <param name="folder">Where its data is kept; created when absent.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="EmulatorException">It does not start; the message carries what it said.</exception>
    public static Task<AzuriteProcess> StartAsync(string script, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        return StartAsync(script, [OnDisk, "."], workIn: folder, accounts: null, cancellationToken); // which may be moved then
    }

    /// <summary>Starts an emulator that keeps everything in memory, for tests: writing out its lists every few seconds is a third of its
    /// work.</summary>
    /// <param name="script">From <see cref="AzuriteInstallation.EnsureAsync"/>.</param>
    /// <param name="name">Of its own, by which <see cref="IsRunning"/> knows it.</param>
    /// <param name="accounts">Names and keys of its accounts, <c>name:key;name:key</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="EmulatorException">It does not start; the message carries what it said.</exception>
    public static Task<AzuriteProcess> StartInMemoryAsync(string script, string name, string accounts, CancellationToken cancellationToken) =>
        StartAsync(script, [InMemory, name], workIn: "", accounts, cancellationToken);

    private static async Task<AzuriteProcess> StartAsync(
        string script, string[] persistence, string workIn, string? accounts, CancellationToken cancellationToken)
    {
        string[] command =
        [
            "node", "--require", Path.Combine(AppContext.BaseDirectory, "azurite", "deaf.cjs"), script, .. persistence,
            "--blobPort", "0", "--queuePort", "0", "--tablePort", "0", "--silent", "--skipApiVersionCheck", "--disableTelemetry",
        ];
        bool ownSession = !OperatingSystem.IsWindows() && !OperatingSystem.IsMacOS();
        var start = new ProcessStartInfo(ownSession ? "setsid" : command[0], ownSession ? command : command[1..])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            WorkingDirectory = workIn,
        };
        if (accounts is not null)
            start.Environment["AZURITE_ACCOUNTS"] = accounts;
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new EmulatorException($"{start.FileName} cannot be started: Node.js 20 or newer is needed for the storage emulator.", missing);
        }

        var ports = new Dictionary<string, string>(StringComparer.Ordinal);
        var said = new List<string>();
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_startLimit);
        Task exited = process.WaitForExitAsync(limit.Token);
        await Task.WhenAny(listening.Task, exited);
        if (!listening.Task.IsCompletedSuccessfully)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new EmulatorException($"The storage emulator did not start (it needs Node.js 20 or newer): {string.Join(' ', said.TakeLast(5))}");
        }

        string Endpoint(string service) => $"{service}Endpoint=http://127.0.0.1:{ports[service]}/{Account};";
        return new AzuriteProcess(
            process,
            $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={PublicKey};{Endpoint("Blob")}{Endpoint("Queue")}{Endpoint("Table")}");

        void Hear(string? line)
        {
            if (line is null)
                return;
            lock (said)
            {
                said.Add(line);
                if (Listening().Match(line) is { Success: true } match)
                    ports[match.Groups["service"].Value] = match.Groups["port"].Value;
                if (ports.Count == 3)
                    listening.TrySetResult();
                if (said.Count > 100)
                    said.RemoveAt(0);
            }
        }
    }

    /// <summary>Has it write out everything and end.</summary>
    /// <returns>False where it had ended before, or had to be killed, as on Windows always: then what it acknowledged last may be lost.</returns>
    public async Task<bool> StopAsync()
    {
        if (!IsAlive)
            return false;
        if (!OperatingSystem.IsWindows() && Signal(ProcessId, SigTerm) == 0)
        {
            using var limit = new CancellationTokenSource(s_stopLimit);
            try
            {
                await WaitForExitAsync(limit.Token);
                return true;
            }
            catch (OperationCanceledException)
            {
                // It hangs.
            }
        }

        _process.Kill(entireProcessTree: true);
        await WaitForExitAsync(CancellationToken.None);
        return false;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }

    private const int SigTerm = 15;

    [GeneratedRegex("Azurite (?<service>Blob|Queue|Table) service is successfully listening at http://127\\.0\\.0\\.1:(?<port>[0-9]+)",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Listening();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int processId, int signal);
}
