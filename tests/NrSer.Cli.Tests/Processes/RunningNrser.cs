using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NrSer.Cli.Tests.Processes;

/// <summary>A command that runs until it is told to stop, in a process group of its own as under a terminal.</summary>
internal sealed partial class RunningNrser : IAsyncDisposable
{
    private const int SigInt = 2;
    private const int SigTerm = 15;

    private readonly Process _process;
    private readonly List<string> _said = [];

    private RunningNrser(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
    }

    /// <summary>Everything it has said.</summary>
    public string Said
    {
        get
        {
            lock (_said)
                return string.Join('\n', _said);
        }
    }

    /// <summary>The address of the page that it printed last; null before.</summary>
    public Uri? PageAddress =>
        Said.Split('\n').LastOrDefault(line => line.Contains("?token=", StringComparison.Ordinal)) is { } line ? new Uri(line.Split(' ')[^1]) : null;

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Starts the command and waits until it says that it is ready.</summary>
    public static async Task<RunningNrser> StartAsync(string ready, Dictionary<string, string> environment, params string[] arguments)
    {
        var running = new RunningNrser(Process.Start(Nrser.StartInfo(environment, ownSession: true, arguments))!);
        try
        {
            await Waiting.UntilAsync($"'{ready}'", () => running._process.HasExited || running.Said.Contains(ready, StringComparison.Ordinal));
            Assert.True(running.Said.Contains(ready, StringComparison.Ordinal), running.Said);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ctrl-C, which reaches the whole process group.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> InterruptAsync()
    {
        Assert.Equal(0, Signal(-_process.Id, SigInt));
        return await ExitAsync();
    }

    /// <summary>What a service manager sends.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        Assert.Equal(0, Signal(_process.Id, SigTerm));
        return await ExitAsync();
    }

    /// <summary>SIGKILL, to this process alone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await Waiting.UntilAsync($"the end of process {_process.Id}. It said: {Said}", () => _process.HasExited);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int processId, int signal);

    private void Hear(string? line)
    {
        lock (_said)
        {
            if (line is not null)
                _said.Add(line);
        }
    }
}
