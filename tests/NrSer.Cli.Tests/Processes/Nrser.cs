using System.Diagnostics;

namespace NrSer.Cli.Tests.Processes;

/// <summary>The built command, run as users run it.</summary>
internal static class Nrser
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4); // of one command, on a machine that is busy with other things

    /// <summary>Runs the command to its end.</summary>
    public static Task<Outcome> RunAsync(params string[] arguments) => RunWithAsync([], arguments);

    /// <summary>Runs the command with settings in its environment.</summary>
    public static Task<Outcome> RunWithAsync(Dictionary<string, string> environment, params string[] arguments) =>
        RunInAsync(Environment.CurrentDirectory, environment, arguments);

    /// <summary>Runs the command in a folder, with settings in its environment.</summary>
    public static async Task<Outcome> RunInAsync(string folder, Dictionary<string, string> environment, params string[] arguments)
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
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("NrSer__", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["NrSer__Models__InstalledPath"] = Path.Combine(AppContext.BaseDirectory, "no models"); // not those of who runs the tests
        start.Environment["DOTNET_TieredPGO"] = "0"; // processes that live for a second gain nothing from watching themselves
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return start;
    }
}
