using NrSer.Cli.Local;
using NrSer.Cli.Tests.Processes;
using NrSer.Emulator;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Local;

public sealed class UpCommandTests
{
    [Fact]
    public async Task Up_InterruptedAndStartedAgain_KeepsResultsRepeatsNothingAndLeavesNothingBehind()
    {
        await using var stack = new Stack { WithPage = true };
        await stack.StartAsync();
        (await stack.RunAsync("ingest", SampleFiles.Clean)).Succeeded();
        Recording before = await stack.EndedAsync("clean.wav");
        string results = (await stack.RunAsync("results", "clean.wav", "--json")).Output;
        StackFile first = stack.StackFile()!;

        Assert.Equal(130, await stack.Up.InterruptAsync());

        Assert.False(stack.Runs(first));
        Assert.Null(stack.StackFile());
        string data = StackFile.AzuriteFolder(stack.Data);
        Assert.Equal(new EmulatorLoss(0, 0), EmulatorLoss.Of(data));
        string[] files = Directory.GetFiles(Path.Combine(data, "__blobstorage__"));
        await File.AppendAllTextAsync(files[0], "never noted", TestContext.Current.CancellationToken); // as a kill would leave it
        Assert.Equal(new EmulatorLoss(11, 0), EmulatorLoss.Of(data));
        File.SetLastWriteTimeUtc(AzuriteProcess.BlobListOf(data), TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1));
        await stack.StartAsync();
        await Waiting.UntilAsync("a word about the clock", _ => Task.FromResult(
            stack.Up.Said.Contains("The clock was set by -0", StringComparison.Ordinal) ? stack : null));
        Assert.Contains("the last 11 bytes", stack.Up.Said, StringComparison.Ordinal);
        Assert.Equal(results, (await stack.RunAsync("results", "clean.wav", "--json")).Output);

        // By the time that a new recording is through, the pipeline has looked at the old one too.
        (await stack.RunAsync("ingest", SampleFiles.Clean, SampleFiles.NoiseOnly)).Succeeded();
        await stack.EndedAsync("noise-only.wav");
        Recording after = await stack.EndedAsync("clean.wav");
        Assert.Equal(before.ChangedAt, after.ChangedAt);
        Assert.DoesNotContain(before.Id.Value, stack.Up.Said, StringComparison.Ordinal);

        Uri address = await Waiting.UntilAsync("the address of the page", _ => Task.FromResult(stack.Up.PageAddress));
        using var browser = new HttpClient();
        Assert.Contains("Go on to NrSer", await browser.GetStringAsync(address, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        string summary = await browser.GetStringAsync(new Uri(address, "/api/v1/summary"), TestContext.Current.CancellationToken);
        Assert.Contains("\"isWhole\":true", summary, StringComparison.Ordinal);
        StackFile second = stack.StackFile()!;

        Assert.Equal(130, await stack.Up.TerminateAsync());

        Assert.False(stack.Runs(second));
        Assert.Null(stack.StackFile());
        await Assert.ThrowsAsync<HttpRequestException>(() => browser.GetAsync(address, TestContext.Current.CancellationToken));
        File.Delete(files[0]);
        Assert.Equal(new EmulatorLoss(0, 1), EmulatorLoss.Of(data));
    }

    [Fact]
    public async Task Up_EmulatorDies_StartsItAgainAndWorkersFollow()
    {
        await using Stack stack = await Stack.StartedAsync();
        RunningNrser worker = await stack.StartWorkerAsync();
        (await stack.RunAsync("ingest", SampleFiles.Clean)).Succeeded();
        await stack.EndedAsync("clean.wav");
        await Task.Delay(TimeSpan.FromSeconds(12), TimeProvider.System, TestContext.Current.CancellationToken); // until the emulator has saved that
        Task<Outcome> archive = stack.RunAsync("ingest", SampleFiles.Noisy, "--lane", "bulk");
        await Waiting.UntilAsync("the upload is acknowledged", async token => archive.IsCompleted
            || await Stack.FindAsync(stack.Store(), "noisy.wav", token) is not null ? archive : null);
        Assert.True(await stack.KillEmulatorAsync());
        Assert.Contains("emulator ended", stack.Up.Said, StringComparison.Ordinal);
        Outcome kept = await archive; // in time to be saved, or told that it was not
        if (kept.ExitCode == 0)
            Assert.True(await stack.Container(StorageNames.Recordings).GetBlobClient("noisy.wav").ExistsAsync(TestContext.Current.CancellationToken));
        else
            Assert.Matches("Run the same command again|cannot be reached", kept.Errors);
        await Waiting.UntilAsync("the worker follows", _ => Task.FromResult(
            worker.Said.Split("The worker waits").Length == 3 ? worker.Said : null));
        (await stack.RunAsync("ingest", SampleFiles.NoiseOnly)).Succeeded();
        await stack.EndedAsync("noise-only.wav");
        Assert.Equal(RecordingStatus.Completed, (await stack.EndedAsync("clean.wav")).Status);
    }

    [Fact]
    public async Task Up_TwoAtOnceOnANewMachine_InstallTheEmulatorOnce()
    {
        using var machine = new Scratch();
        string installed = await AzuriteInstallation.EnsureAsync(_ => { }, TestContext.Current.CancellationToken);
        string packages = installed[..(installed.LastIndexOf("node_modules", StringComparison.Ordinal) + "node_modules".Length)];
        await ShellScript.WriteAsync(
            machine["npm"],
            $"""
            echo once >> '{machine["asked"]}'
            while [ ! -e '{machine["go"]}' ]; do sleep 0.1; done
            ln -s '{packages}' node_modules
            """);
        (string, string)[] settings =
            [("XDG_DATA_HOME", machine["home"]), ("PATH", $"{machine.Path}:{Environment.GetEnvironmentVariable("PATH")}")];

        Stack[] stacks = [new(settings), new(settings)];
        try
        {
            await stacks[0].StartAsync("Installing the Azurite");
            await Waiting.UntilAsync("it installs", () => File.Exists(machine["asked"]));
            await stacks[1].StartAsync("Waiting for another nrser");
            await File.WriteAllTextAsync(machine["go"], "", TestContext.Current.CancellationToken);
            foreach (Stack stack in stacks)
                await Waiting.UntilAsync("it is up", () => stack.Up.Said.Contains(Stack.Ready, StringComparison.Ordinal));
            Assert.Single(await File.ReadAllLinesAsync(machine["asked"], TestContext.Current.CancellationToken));
            Assert.Single(stacks, stack => stack.Up.Said.Contains("Installing the Azurite", StringComparison.Ordinal));
            Assert.Single(stacks, stack => stack.Up.Said.Contains("Waiting for another nrser", StringComparison.Ordinal));
            Assert.Single(Directory.GetDirectories(Path.Combine(machine["home"], "nrser")));
        }
        finally
        {
            foreach (Stack stack in stacks)
                await stack.DisposeAsync();
        }
    }

    [Fact(Explicit = true)] // SweepTests do it without processes
    public async Task Retry_ChunkThatWasLost_HealsTheRecording()
    {
        await using Stack stack = await Stack.StartedAsync(
            [("NrSer__Segmentation__MaxChunk", "00:00:10"), ("NrSer__Queues__RetryDelay", "00:00:00.100"), ("NrSer__Sweep__Interval", "00:00:01")]);
        string name = await LoseAChunkAsync(stack);

        Recording failed = await stack.EndedAsync(name, RecordingStatus.Failed);

        Assert.Contains("1 of ", failed.Reason, StringComparison.Ordinal);
        Assert.Equal(1, (await stack.RunAsync("status", name)).ExitCode);
        (await stack.RunProcessAsync("retry", name)).Succeeded();
        RecordingStore store = stack.Store();
        Recording healed = await Waiting.UntilAsync("the second generation has ended", async cancellationToken =>
        {
            Recording? row = await Stack.FindAsync(store, name, cancellationToken);
            return row is { Generation: 1, Status: not (RecordingStatus.Queued or RecordingStatus.Processing) } ? row : null;
        });
        Assert.Equal(RecordingStatus.Completed, healed.Status);
        Assert.Equal("", healed.Reason);
        Assert.Equal(healed.SegmentCount, (await Stack.SegmentsAsync(store, healed)).Count);
        Assert.True(healed.SegmentCount > failed.SegmentCount);
        (await stack.RunAsync("status", name)).Succeeded();
    }

    /// <summary>Deletes the audio of a recording's last chunk before it is enhanced.</summary>
    private static async Task<string> LoseAChunkAsync(Stack stack)
    {
        RecordingStore store = stack.Store();
        for (int attempt = 1; attempt <= 5; attempt++)
        {
            string name = $"lost-{attempt}.wav";
            await stack.DropAsync(name, SampleFiles.Concatenated(40 * attempt, SampleFiles.Clean, SampleFiles.Noisy));
            Recording row = await Waiting.UntilAsync("all chunks are written", TimeSpan.FromMilliseconds(5), async cancellationToken =>
                await Stack.FindAsync(store, name, cancellationToken) is { ExpectedChunks: not null } written ? written : null);
            string last = (await Stack.ChunksAsync(store, row, TestContext.Current.CancellationToken))[^1].Id.Key;
            await stack.Container(StorageNames.Chunks).GetBlobClient($"{row.Id}/{last}.wav")
                .DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);
            if ((await Stack.ChunksAsync(store, row, TestContext.Current.CancellationToken))[^2].EnhancedAt is null)
                return name; // chunks are enhanced one at a time: the last was not begun
            await stack.EndedAsync(name);
        }

        Assert.Fail("The last chunk was always enhanced before it could be deleted.");
        return "";
    }
}
