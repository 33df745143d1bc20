using System.Diagnostics;
using System.Text;
using NrSer.Cli.Commands;
using NrSer.Cli.Output;

namespace NrSer.Cli.Tests.Processes;

/// <summary>
/// The command. Most tests run it within this process, which spares them the start of the runtime; a process of its own, as users run it, is for
/// what only that shows: exit code, pipes, signals, what it leaves on the machine.
/// </summary>
internal static class Nrser
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(8); // of one command, on a machine that is busy with other things

    /// <summary>Runs the command here.</summary>
    public static Task<Outcome> RunAsync(params string[] arguments) => RunWithAsync([], arguments);

    /// <summary>Runs the command here, with settings in its environment.</summary>
    public static Task<Outcome> RunWithAsync(Dictionary<string, string> environment, params string[] arguments) =>
        RunTypedAsync("", isAsked: false, environment, arguments);

    /// <summary>Runs the command here, with something on its standard input.</summary>
    /// <param name="input">All of it.</param>
    /// <param name="isAsked">Whether a person types it, at a terminal.</param>
    /// <param name="environment">Settings.</param>
    /// <param name="arguments">What is typed after <c>nrser</c>.</param>
    public static async Task<Outcome> RunTypedAsync(string input, bool isAsked, Dictionary<string, string> environment, params string[] arguments)
    {
        using var bytes = new MemoryStream();
        await using var output = new StreamWriter(bytes, leaveOpen: true) { AutoFlush = true };
        await using var errors = new StringWriter();
        using var typed = new StringReader(input);
        var terminal = new Terminal(output, () => bytes, errors, isWatched: false, EnvironmentOf(environment))
        {
            Input = typed, Answers = isAsked ? typed : null,
        };
        int exitCode = await RootCommands.RunAsync(arguments, terminal, interruptible: null)
            .WaitAsync(s_limit, TestContext.Current.CancellationToken);
        return new Outcome(exitCode, Encoding.UTF8.GetString(bytes.ToArray()), errors.ToString());
    }

    /// <summary>Runs the command in a process of its own, to its end.</summary>
    public static Task<Outcome> RunProcessAsync(params string[] arguments) => RunProcessInAsync(Environment.CurrentDirectory, [], arguments);

    /// <summary>Runs the command in a process of its own, in a folder, with settings in its environment.</summary>
    public static async Task<Outcome> RunProcessInAsync(string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        ProcessStartInfo start = StartInfo(environment, ownSession: false, arguments);
        start.WorkingDirectory = folder;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(s_limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new Outcome(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Runs the command in a process of its own, to its end, and watches its memory.</summary>
    /// <returns>What came of it, and the most memory that it held at a time.</returns>
    public static async Task<(Outcome Outcome, long PeakBytes)> RunMeasuredAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        using Process process = Process.Start(StartInfo(environment, ownSession: false, arguments))!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(stop), errors = process.StandardError.ReadToEndAsync(stop);
        long peakBytes = 0;
        while (!process.HasExited)
        {
            peakBytes = Math.Max(peakBytes, PeakOf(process));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, stop);
        }

        await process.WaitForExitAsync(stop);
        return (new Outcome(process.ExitCode, await output, await errors), peakBytes);
    }

    /// <summary>The most memory that a process has held so far, bytes; 0 once it has ended.</summary>
    public static long PeakOf(Process process)
    {
        try
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
        catch (InvalidOperationException)
        {
            return 0;
        }
    }

    /// <summary>How the command is started.</summary>
    /// <param name="environment">Settings; those of the test's own environment are taken away.</param>
    /// <param name="ownSession">A session and so a process group of its own, as a terminal gives it.</param>
    /// <param name="arguments">What is typed after <c>nrser</c>.</param>
    public static ProcessStartInfo StartInfo(Dictionary<string, string> environment, bool ownSession, params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "nrser.dll");
        var start = new ProcessStartInfo(ownSession ? "setsid" : "dotnet", ownSession ? ["dotnet", program, .. arguments] : [program, .. arguments])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach ((string name, string value) in EnvironmentOf(environment))
            start.Environment[name] = value;
        start.Environment["DOTNET_TieredPGO"] = "0"; // processes that live for a second gain nothing from watching themselves
        return start;
    }

    /// <summary>That of the tests, without their settings, with those of a test.</summary>
    private static Dictionary<string, string> EnvironmentOf(Dictionary<string, string> settings)
    {
        Dictionary<string, string> environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Select(variable => (Name: (string)variable.Key, Value: (string)variable.Value!))
            .Where(variable => !variable.Name.StartsWith("NrSer__", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(StringComparer.Ordinal);
        environment["NrSer__Models__InstalledPath"] = Path.Combine(AppContext.BaseDirectory, "no models"); // not those of who runs the tests
        foreach ((string name, string value) in settings)
            environment[name] = value;
        return environment;
    }
}
