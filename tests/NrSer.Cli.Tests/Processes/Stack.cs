using System.Diagnostics;
using System.Text.Json;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;
using NrSer.Cli.Local;
using NrSer.Emulator;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work.StorageQueues;

namespace NrSer.Cli.Tests.Processes;

/// <summary><c>nrser up</c> on a folder of its own, and a look into its storage past the command. Leaves no process and no file.</summary>
internal sealed class Stack : IAsyncDisposable
{
    /// <summary>What <c>up</c> says when its stages run.</summary>
    public const string Ready = "NrSer is up";

    private readonly Scratch _scratch = new();
    private readonly Dictionary<string, string> _environment;
    private readonly List<RunningNrser> _workers = [];

    /// <param name="settings">Of the stack, as environment variables.</param>
    public Stack(params IEnumerable<(string Name, string Value)> settings) =>
        _environment = settings.ToDictionary(setting => setting.Name, setting => setting.Value, StringComparer.Ordinal);

    /// <summary>Whether it has its page, which takes another moment to start.</summary>
    public bool WithPage { get; init; }

    /// <summary>A file beside the stack's folder.</summary>
    public Scratch Files => _scratch;

    /// <summary>The stack's folder; one of its own unless said otherwise.</summary>
    public string Data { get => field ?? _scratch["data"]; init; }

    /// <summary>The process that runs the stages.</summary>
    public RunningNrser Up { get; private set; } = null!;

    /// <summary>Starts it, or starts it again.</summary>
    /// <param name="ready">What it says as soon as it is as far as is to be waited for.</param>
    public async Task StartAsync(string ready = Ready)
    {
        if (Up is not null)
            await Up.DisposeAsync();
        Up = await RunningNrser.StartAsync(ready, _environment, ["up", "--data", Data, .. WithPage ? ["--port", "0"] : new[] { "--no-dashboard" }]);
    }

    /// <summary>A running stack.</summary>
    public static async Task<Stack> StartedAsync(params IEnumerable<(string Name, string Value)> settings)
    {
        var stack = new Stack(settings);
        try
        {
            await stack.StartAsync();
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a worker beside it.</summary>
    public async Task<RunningNrser> StartWorkerAsync()
    {
        RunningNrser worker = await RunningNrser.StartAsync("The worker waits", _environment, "worker", "--data", Data);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>Runs a command on the stack, within this process.</summary>
    public Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunWithAsync(_environment, [.. arguments, "--data", Data]);

    /// <summary>Runs a command on the stack in a process of its own.</summary>
    public Task<Outcome> RunProcessAsync(params string[] arguments) =>
        Nrser.RunProcessInAsync(_scratch.Path, _environment, [.. arguments, "--data", Data]);

    /// <summary>What <c>stack.json</c> says; null when there is none.</summary>
    public StackFile? StackFile()
    {
        try
        {
            return JsonSerializer.Deserialize<StackFile>(File.ReadAllText(Path.Combine(Data, "stack.json")));
        }
        catch (Exception none) when (none is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Its rows.</summary>
    public RecordingStore Store() => new(new ResultTables(Storage()), new SegmentBlobs(new BlobStorage(Storage())));

    /// <summary>What is being forgotten.</summary>
    public ForgottenStore Forgotten() => new(new ResultTables(Storage()));

    /// <summary>Its queues.</summary>
    public StorageQueueAccount Queues() => new(Storage());

    /// <summary>The messages that wait in a queue.</summary>
    public async Task<string[]> MessagesAsync(string queue) =>
        [.. (await ClientOf(queue).PeekMessagesAsync(32, TestContext.Current.CancellationToken)).Value.Select(message => $"{message.Body}")];

    /// <summary>How many messages wait in a queue or are in work.</summary>
    public async Task<int> CountAsync(string queue) =>
        (await ClientOf(queue).GetPropertiesAsync(TestContext.Current.CancellationToken)).Value.ApproximateMessagesCount;

    private Azure.Storage.Queues.QueueClient ClientOf(string queue) =>
        new Azure.Storage.Queues.QueueServiceClient(StackFile()!.ConnectionString).GetQueueClient(queue);

    /// <summary>Drops content into the recordings container, as any tool would.</summary>
    public Task DropAsync(string name, byte[] content) => Container(StorageNames.Recordings).GetBlobClient(name)
        .UploadAsync(BinaryData.FromBytes(content), overwrite: true, TestContext.Current.CancellationToken);

    /// <summary>A container of its storage.</summary>
    public BlobContainerClient Container(string name) => new BlobStorage(Storage()).Container(name);

    /// <summary>The row of a recording, or null.</summary>
    public static Task<Recording?> FindAsync(RecordingStore store, string blobName, CancellationToken cancellationToken)
    {
        DateOnly today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        return store.FindByNameAsync(blobName, today.AddDays(-2), today.AddDays(1), cancellationToken);
    }

    /// <summary>Waits until a recording has a status.</summary>
    public Task<Recording> EndedAsync(string blobName, RecordingStatus expected = RecordingStatus.Completed)
    {
        RecordingStore store = Store();
        return Waiting.UntilAsync($"{blobName} {expected}", async cancellationToken =>
        {
            Recording? row = await FindAsync(store, blobName, cancellationToken);
            bool ended = row?.Status is RecordingStatus.Completed or RecordingStatus.Rejected or RecordingStatus.Failed;
            Assert.True(!ended || row!.Status == expected, $"{blobName} is {row?.Status}: {row?.Reason}. {Up.Said}");
            return ended ? row : null;
        });
    }

    /// <summary>A recording's chunk rows.</summary>
    public static ValueTask<List<Chunk>> ChunksAsync(RecordingStore store, Recording recording, CancellationToken cancellationToken) =>
        store.ChunksAsync(recording.Id, cancellationToken).ToListAsync(cancellationToken);

    /// <summary>What completion read of a recording, its journal not asked.</summary>
    public static async Task<List<Segment>> SegmentsAsync(RecordingStore store, Recording recording)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        return await store.SegmentsAsync(recording, await ChunksAsync(store, recording, stop), stop).ToListAsync(stop);
    }

    /// <summary>Whether the emulator that a stack file names still runs.</summary>
    public bool Runs(StackFile stack) => AzuriteProcess.IsRunning(stack.AzuriteProcessId, NrSer.Cli.Local.StackFile.AzuriteFolder(Data));

    /// <summary>SIGKILL to its emulator; then it is waited for until another runs, what the kill left is mended, and the stages are at work
    /// again.</summary>
    /// <returns>False where there was none.</returns>
    public async Task<bool> KillEmulatorAsync()
    {
        if (StackFile() is not { } before || !Runs(before))
            return false;
        int starts = Starts();
        using (var emulator = Process.GetProcessById(before.AzuriteProcessId))
            emulator.Kill();
        await Waiting.UntilAsync("the emulator is up again", async _ =>
        {
            if (Up.HasEnded) // what dies too often is left to whoever looks after it
            {
                Assert.Contains("ended by itself 3 times in a row", Up.Said, StringComparison.Ordinal);
                await StartAsync();
                starts = 0;
            }

            return Starts() > starts && StackFile() is { } now && now.AzuriteProcessId != before.AzuriteProcessId && Runs(now) ? now : null;
        });
        return true;

        int Starts() => Up.Said.Split(Ready).Length - 1;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (RunningNrser worker in _workers)
            await worker.DisposeAsync();
        if (Up is not null)
            await Up.DisposeAsync();
        if (StackFile() is { } orphan && Runs(orphan)) // up was killed, by the test or just now: nobody else ends its emulator
        {
            using Process emulator = Process.GetProcessById(orphan.AzuriteProcessId);
            emulator.Kill();
            while (Runs(orphan))
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }

        _scratch.Dispose();
    }

    /// <summary>Where its storage is.</summary>
    public IOptions<StorageOptions> Storage() => Options.Create(new StorageOptions { ConnectionString = StackFile()!.ConnectionString });
}
