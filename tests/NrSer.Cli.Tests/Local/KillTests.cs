using System.Globalization;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;
using NrSer.Pipeline.Work.StorageQueues;

namespace NrSer.Cli.Tests.Local;

/// <summary><c>up</c> dies at the worst moments; what is found in the end is what an undisturbed run on another storage finds.</summary>
public sealed class KillTests : IClassFixture<UndisturbedStack>
{
    /// <summary>Short chunks make many.</summary>
    internal static readonly (string, string) ShortChunks = ("NrSer__Segmentation__MaxChunk", "00:00:10");

    /// <summary>Short locks give the work of the dead to the living soon.</summary>
    internal static readonly (string Name, string Value)[] ShortLocks =
    [
        ShortChunks, ("NrSer__Queues__LockDuration", "00:00:03"), ("NrSer__Queues__MaxDeliveries", "100"), // locks may be lost on a busy machine
        ("NrSer__Queues__PollInterval", "00:00:00.050"),
    ];

    private const int Attempts = 20;

    // Moments are short, and every look slows down what is looked at: a chunk takes some 100 ms, the last step of a recording a few.
    private static readonly TimeSpan s_close = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_closest = TimeSpan.FromMilliseconds(1);

    private readonly UndisturbedStack _undisturbed;

    public KillTests(UndisturbedStack undisturbed) => _undisturbed = undisturbed;

    /// <summary>What a recording is at.</summary>
    public enum Moment
    {
        /// <summary>Some chunks are written, but not all.</summary>
        WritingChunks,

        /// <summary>Some chunks are enhanced, but not all.</summary>
        Enhancing,

        /// <summary>Some chunks have their emotions; another is enhanced and waits for them.</summary>
        Recognizing,

        /// <summary>All chunks are finished, the recording is not.</summary>
        Completing,
    }

    [Fact]
    public Task Up_KilledAndStartedAgain_FindsWhatAnUndisturbedRunFinds() => KillAsync(Moment.Completing, 25, workerFirst: false);

    // Minutes, and a like of what chaos does: dotnet run --project tests/NrSer.Cli.Tests -c Release -- -explicit only -class "*.KillTests"
    [Theory(Explicit = true)]
    [InlineData(Moment.WritingChunks, 90, false)]
    [InlineData(Moment.Enhancing, 45, false)]
    [InlineData(Moment.Recognizing, 45, true)]
    public Task Up_KilledEarlierAndStartedAgain_FindsWhatAnUndisturbedRunFinds(Moment moment, int seconds, bool workerFirst) =>
        KillAsync(moment, seconds, workerFirst);

    private async Task KillAsync(Moment moment, int seconds, bool workerFirst)
    {
        await using Stack stack = await Stack.StartedAsync(ShortLocks);
        (string name, byte[] content) = await KillAtAsync(stack, moment, seconds);

        StackFileStays(stack);
        RunningNrser? worker = workerFirst ? await stack.StartWorkerAsync() : null;
        if (worker is not null)
        {
            await Waiting.UntilAsync("the worker recognises what the killed one left", TimeSpan.FromMilliseconds(200), _ =>
                Task.FromResult(worker.Said.Contains("Recognised", StringComparison.Ordinal) ? worker : null));
        }

        int emulator = stack.StackFile()!.AzuriteProcessId;
        await stack.StartAsync();

        Assert.Contains("taking over", stack.Up.Said, StringComparison.Ordinal);
        Assert.Equal(emulator, stack.StackFile()!.AzuriteProcessId);
        Recording disturbed = await stack.EndedAsync(name);
        Recording undisturbed = await _undisturbed.RunAsync(name, content);
        await AssertSameAsync((stack, disturbed), (_undisturbed.Stack, undisturbed));

        Assert.Equal(130, await stack.Up.InterruptAsync());
        Assert.Null(stack.StackFile()); // the adopted emulator has ended too, or up would have waited for it
    }

    [Fact(Explicit = true)]
    public async Task Worker_KilledInMidWork_LosesNothing()
    {
        await using Stack stack = await Stack.StartedAsync(ShortLocks);
        RunningNrser worker = await stack.StartWorkerAsync();
        byte[] content = SampleFiles.Concatenated(180, SampleFiles.Noisy, SampleFiles.NoiseOnly, SampleFiles.Clean);
        await stack.DropAsync("worker.wav", content);
        await Waiting.UntilAsync("the worker recognises a chunk", s_close, _ =>
            Task.FromResult(worker.Said.Contains("Recognised", StringComparison.Ordinal) ? worker : null));
        await worker.KillAsync(); // settling that message, or at the next one

        Recording disturbed = await stack.EndedAsync("worker.wav");
        Assert.Equal(RecordingStatus.Completed, disturbed.Status);
        await AssertSameAsync((stack, disturbed), (_undisturbed.Stack, await _undisturbed.RunAsync("worker.wav", content)));
    }

    private static void StackFileStays(Stack stack)
    {
        Assert.NotNull(stack.StackFile());
        Assert.True(stack.Runs(stack.StackFile()!));
    }

    /// <summary>Kills <c>up</c> at a moment and makes sure that it was that moment; if not, starts anew.</summary>
    private static async Task<(string Name, byte[] Content)> KillAtAsync(Stack stack, Moment moment, int seconds)
    {
        for (int attempt = 1; attempt <= Attempts; attempt++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{moment}-{attempt}.wav");
            int length = moment == Moment.Completing ? seconds : seconds * attempt; // a longer one helps where there is more of the moment then
            byte[] content = SampleFiles.Concatenated(length, SampleFiles.Noisy, SampleFiles.NoiseOnly, SampleFiles.Clean);
            RecordingStore store = stack.Store();
            await stack.DropAsync(name, content);
            await Waiting.UntilAsync($"{moment} or later", moment == Moment.Completing ? s_closest : s_close, async cancellationToken =>
                await LookAsync(store, name, cancellationToken) is { } seen && seen >= moment ? name : null);
            await stack.Up.KillAsync();
            if (await LookAsync(store, name, TestContext.Current.CancellationToken) == moment
                && (moment != Moment.Recognizing || await HasEmotionsAsync(stack)))
                return (name, content);
            await stack.StartAsync();
            await stack.EndedAsync(name);
        }

        Assert.Fail($"{moment} was missed {Attempts} times.");
        return default;
    }

    /// <summary>Whether there is something for a worker to do: the killed one may have died between its row and its message.</summary>
    private static async Task<bool> HasEmotionsAsync(Stack stack) =>
        await new StorageWorkQueue(stack.Queues(), StorageNames.EmotionsQueue, new QueueOptions())
            .OldestSentAtAsync(TestContext.Current.CancellationToken) is not null;

    /// <summary>The moment that the rows tell; null before the first and after the last.</summary>
    private static async Task<Moment?> LookAsync(RecordingStore store, string name, CancellationToken cancellationToken)
    {
        Recording? recording = await Stack.FindAsync(store, name, cancellationToken);
        if (recording is null or { Status: RecordingStatus.Queued })
            return null;
        if (recording.Status != RecordingStatus.Processing)
            return (Moment)int.MaxValue;
        List<Chunk> chunks = await Stack.ChunksAsync(store, recording, cancellationToken);
        int finished = chunks.Count(chunk => chunk.FinishedAt is not null);
        if (recording.ExpectedChunks is null)
            return chunks.Count > 0 ? Moment.WritingChunks : null;
        if (finished == recording.ExpectedChunks)
            return Moment.Completing;
        if (finished > 0 && chunks.Exists(chunk => chunk is { EnhancedAt: not null, HasSpeech: true, FinishedAt: null }))
            return Moment.Recognizing;
        return chunks.Exists(chunk => chunk.EnhancedAt is not null) ? Moment.Enhancing : null;
    }

    private static async Task AssertSameAsync((Stack Stack, Recording Row) disturbed, (Stack Stack, Recording Row) undisturbed)
    {
        StoredRows.AssertSame(undisturbed.Row, disturbed.Row);
        List<Segment> rows = await Stack.SegmentsAsync(disturbed.Stack.Store(), disturbed.Row);
        StoredRows.AssertSame(await Stack.SegmentsAsync(undisturbed.Stack.Store(), undisturbed.Row), rows);
        Assert.Equal(disturbed.Row.SegmentCount, rows.Count);
        await StoredRows.AssertParquetAsync(disturbed.Stack, disturbed.Row, rows);
    }
}
