using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Storage;

namespace NrSer.Cli.Tests.Chaos;

/// <summary>Does things to a stack, one after the other; the same seed does the same things.</summary>
/// <param name="stack">The stack.</param>
/// <param name="machine">Has its disk and its clock.</param>
/// <param name="seed">Of chance.</param>
/// <param name="files">How many files come at once.</param>
internal sealed partial class ChaosRun(Stack stack, ChaosMachine machine, int seed, int files)
{
    private const int SigStop = 19, SigCont = 18; // Linux

    // Its tables are in memory, and written out every five seconds: what it acknowledged since is lost with it.
    private static readonly TimeSpan s_save = TimeSpan.FromSeconds(7);

    // Of the stack against that of the test, a day at most either way: the checker looks so far.
    private static readonly TimeSpan[] s_clocks =
        [TimeSpan.FromDays(-1), TimeSpan.FromHours(-1), TimeSpan.Zero, TimeSpan.FromMinutes(20), TimeSpan.FromDays(1)];

    private static readonly TimeSpan s_settled = TimeSpan.FromDays(3), s_sweep = TimeSpan.FromSeconds(4); // a host sweeps every three

    private readonly Random _random = new(seed);
    private readonly Dictionary<string, byte[]> _uploads = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _contents = new(StringComparer.Ordinal); // every one that lay under a name
    private readonly HashSet<string> _forgotten = new(StringComparer.Ordinal), _forgottenContents = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<string, string> _episodes = new Dictionary<string, string>(StringComparer.Ordinal); // once it has settled
    private RunningNrser? _worker;
    private int _number;
    private TimeSpan _ahead, _latest; // the clock now, and at most so far

    /// <summary>What lies in the container now: SHA-256 by name.</summary>
    public IReadOnlyDictionary<string, string> Uploads => _uploads.Select(upload => KeyValuePair.Create(upload.Key, HashOf(upload.Value)))
        .Concat(_episodes).ToDictionary(StringComparer.Ordinal);

    /// <summary>What was forgotten or turned away, and not uploaded anew since.</summary>
    public IReadOnlyCollection<string> Forgotten => _forgotten;

    /// <summary>SHA-256 of every content that was forgotten; none comes twice.</summary>
    public IReadOnlyCollection<string> ForgottenContents => _forgottenContents;

    /// <summary>Of hosts, and of those who forgot.</summary>
    public int Kills { get; private set; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Does the next thing, then waits a moment.</summary>
    /// <returns>What it did.</returns>
    public async Task<string> StepAsync()
    {
        string done = await DoAsync(_random.Next(110));
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1200)), TimeProvider.System, Stop);
        return done;
    }

    /// <summary>Lets as many come as come at once, and kills a host, a worker or the emulator among them.</summary>
    /// <returns>What it did.</returns>
    public async Task<string> UploadAndKillAsync()
    {
        _worker ??= await stack.StartWorkerAsync();
        string done = await UploadFolderAsync($"{_random.Next(3)}");
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1200)), TimeProvider.System, Stop);
        return $"{done}, {await (_random.Next(20) switch { 0 => KillEmulatorAsync(), < 10 => KillUpAsync(), _ => WorkerAsync() })}";
    }

    private Task<string> DoAsync(int die) => _uploads.Count == 0 ? UploadAsync(NewName()) : die switch
    {
        < 8 => ForgetAsync(isKilled: _random.Next(2) == 0, isRefused: _again.Next(2) == 0),
        < 40 => UploadFolderAsync($"{_random.Next(3)}"),
        < 48 => UploadAsync(AnyName()),
        < 56 => TouchAsync(),
        < 62 => DeleteAndUploadAgainAsync(),
        < 76 => KillUpAsync(),
        < 82 => KillEmulatorAsync(),
        < 90 => WorkerAsync(),
        < 95 => PauseAsync("up", stack.StackFile()?.OwnerProcessId),
        < 100 => PauseAsync("the emulator", stack.StackFile()?.AzuriteProcessId),
        < 105 => Task.FromResult(SetClock()),
        _ => FullDiskAsync(),
    };

    private async Task<string> UploadFolderAsync(string folder)
    {
        string done = await UploadAsync($"{folder}/{NewName()}");
        for (int more = 1; more < files; more++)
            await UploadAsync($"{folder}/{NewName()}", _random, longestSeconds: 1);
        return files == 1 ? done : $"{done} and {files - 1} more";
    }

    private Task<string> UploadAsync(string name) => UploadAsync(name, _random);

    private async Task<string> UploadAsync(string name, Random random, int longestSeconds = 14)
    {
        byte[] content = SampleFiles.Concatenated(1 + random.Next(longestSeconds), SampleFiles.Clean, SampleFiles.NoiseOnly);
        random.NextBytes(content.AsSpan(44, 200)); // no content comes twice
        string what = _uploads.ContainsKey(name) ? "replaced" : "uploaded";
        await OnBlobAsync(name, blob => blob.UploadAsync(BinaryData.FromBytes(content), overwrite: true, Stop));
        _uploads[name] = content;
        if (!_contents.TryGetValue(name, out HashSet<string>? contents))
            _contents[name] = contents = new HashSet<string>(StringComparer.Ordinal);
        contents.Add(HashOf(content));
        _forgotten.Remove(name);
        return $"{what} {name}";
    }

    private async Task<string> TouchAsync()
    {
        string name = AnyName();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["touched"] = $"{_number++}" };
        await OnBlobAsync(name, blob => blob.SetMetadataAsync(metadata, cancellationToken: Stop));
        return $"touched {name}";
    }

    private async Task<string> DeleteAndUploadAgainAsync()
    {
        string name = AnyName();
        await OnBlobAsync(name, blob => blob.DeleteIfExistsAsync(cancellationToken: Stop));
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(500)), TimeProvider.System, Stop);
        await OnBlobAsync(name, blob => blob.UploadAsync(BinaryData.FromBytes(_uploads[name]), overwrite: true, Stop));
        return $"deleted {name} and uploaded it again";
    }

    /// <summary>Forgets whatever lies under a name.</summary>
    /// <param name="isKilled">Whether whoever does is killed at it, and asks again.</param>
    /// <param name="isRefused">Whether its content is not to be taken in again.</param>
    /// <returns>What it did.</returns>
    public async Task<string> ForgetAsync(bool isKilled, bool isRefused)
    {
        string name = AnyName();
        CatchUp();
        string[] forget = ["forget", name, "--yes", .. isRefused ? ["--refuse-again"] : Array.Empty<string>()];
        if (isKilled)
        {
            using Process forgetting = Process.Start(Nrser.StartInfo([], ownSession: false, [.. forget, "--data", stack.Data]))!;
            await Task.Delay(TimeSpan.FromMilliseconds(300 + _random.Next(2500)), TimeProvider.System, Stop);
            forgetting.Kill(entireProcessTree: true);
            await forgetting.WaitForExitAsync(Stop);
            Kills++;
        }

        await Waiting.UntilAsync($"{name} forgotten", TimeSpan.FromSeconds(1), async _ =>
        {
            Outcome outcome = await stack.RunAsync(forget);
            // the emulator may be starting
            return outcome.ExitCode == 0 || outcome.Errors.Contains("is not there", StringComparison.Ordinal) ? "" : null;
        });
        if (isRefused)
            _refused.Add((name, _uploads[name]));
        _uploads.Remove(name);
        _forgotten.Add(name);
        _contents.Remove(name, out HashSet<string>? contents);
        _forgottenContents.UnionWith(contents!);
        return $"forgot {name}{(isRefused ? ", for good" : "")}{(isKilled ? ", after a kill" : "")}";
    }

    private async Task<string> KillUpAsync()
    {
        await stack.Up.KillAsync();
        Kills++;
        await stack.StartAsync();
        return "killed up";
    }

    private async Task<string> KillEmulatorAsync()
    {
        await Task.Delay(s_save, TimeProvider.System, Stop);
        if (!await stack.KillEmulatorAsync())
            return "found no emulator";
        Kills++;
        return "killed the emulator";
    }

    private async Task<string> WorkerAsync()
    {
        if (_worker is null)
        {
            _worker = await stack.StartWorkerAsync();
            return "started a worker";
        }

        await _worker.KillAsync();
        _worker = null;
        Kills++;
        return "killed the worker";
    }

    private async Task<string> PauseAsync(string what, int? processId)
    {
        if (processId is not { } id)
            return $"{what} does not run";
        Assert.Equal(0, Signal(id, SigStop));
        await Task.Delay(TimeSpan.FromSeconds(1 + _random.Next(5)), TimeProvider.System, Stop); // longer than a lock
        Assert.Equal(0, Signal(id, SigCont));
        return $"stopped {what} for a while";
    }

    private string SetClock()
    {
        TimeSpan ahead = s_clocks[_random.Next(s_clocks.Length)];
        if (machine.WithoutClock is { } why)
            return why;
        machine.SetClock(_ahead = ahead);
        _latest = ahead > _latest ? ahead : _latest;
        return $"set the clock to {ahead} ahead";
    }

    private async Task<string> FullDiskAsync()
    {
        var time = TimeSpan.FromSeconds(1 + _random.Next(9)); // the emulator writes its tables out every five
        string name = $"{_random.Next(3)}/{NewName()}";
        if (machine.WithoutDisk is { } why)
            return why;
        await Task.Delay(s_save, TimeProvider.System, Stop);
        machine.FillDisk();
        Task<string> upload = UploadAsync(name); // again and again, until there is room
        await Task.Delay(time, TimeProvider.System, Stop);
        machine.FreeDisk();
        return $"filled the disk for {time.TotalSeconds} s, and {await upload} then";
    }

    private string NewName() => $"take-{_number++:0000}.wav"; // which is part of no other name

    private static string HashOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private string AnyName() => _uploads.Keys.Order(StringComparer.Ordinal).ElementAt(_random.Next(_uploads.Count));

    /// <summary>As another tool would: again until it is acknowledged.</summary>
    private Task<string> OnBlobAsync(string name, Func<BlobClient, Task> work) => Waiting.UntilAsync($"work on {name}", async _ =>
    {
        try
        {
            await work(stack.Container(StorageNames.Recordings).GetBlobClient(name));
            return "";
        }
        catch (Exception error) when (error is RequestFailedException or AggregateException or IOException or NullReferenceException)
        {
            return null;
        }
    });

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int processId, int signal);
}
