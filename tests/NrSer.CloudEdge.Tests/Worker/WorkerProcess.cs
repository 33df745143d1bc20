using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace NrSer.CloudEdge.Tests.Worker;

/// <summary>The built worker, run as its container runs it.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    /// <summary>A job's idle time. A busy machine takes many seconds to reach the queue, and a worker that has not reached it ends with 1.</summary>
    public const string BusyMachinesIdleTime = "00:00:30";

    private readonly Process _process;
    private readonly StringBuilder _log = new();

    private WorkerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it said so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Where it answers health checks, once it listens.</summary>
    public Uri? Address => Log.Split("Now listening on: ") is [_, { } rest, ..] ? new Uri(rest.Split('\n')[0].Trim()) : null;

    /// <summary>Starts it with settings in its environment.</summary>
    public static WorkerProcess Start(IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "NrSer.Worker.dll")])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach ((string name, string? value) in settings)
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        return new WorkerProcess(Process.Start(start)!);
    }

    /// <summary>Sends a signal, such as TERM.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(5));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_log)
            _log.AppendLine(line.Data);
    }
}
