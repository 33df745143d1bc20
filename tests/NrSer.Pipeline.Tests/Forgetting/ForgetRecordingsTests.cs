using System.Globalization;
using Azure.Storage.Blobs;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Forgetting;

public sealed class ForgetRecordingsTests(StorageEmulator emulator)
{
    private const string Name = "2026/an interview.wav";

    private static readonly TimeSpan s_day = TimeSpan.FromHours(25);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("dropped")]
    [InlineData("announced")]
    [InlineData("ingested")]
    [InlineData("enhanced")]
    [InlineData("completed")]
    [InlineData("in the lake")]
    [InlineData("in the lake, and marked again")]
    [InlineData("rejected")]
    [InlineData("given up")]
    public async Task RunAsync_AtEveryStage_NothingIsLeftAndNothingComesBack(string stage)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, WorkMessage[] late) = await BringToAsync(pipeline, stage);
        string[] words =
            [id.Value, "an interview", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await ContentAsync(stage)))];
        Assert.NotEmpty(await Search.FindAsync(pipeline.Account, words));

        ForgetPlan plan = await pipeline.Get<ForgetTargets>().FindAsync([Name], [], Stop);
        Assert.Equal(id, Assert.Single(plan.Requests).Id);
        ProofV1 proof = await ForgetAsync(pipeline, plan);
        Assert.Equal([id.Value], proof.Recordings);
        Assert.True(proof.Removed.Total > 0);
        Assert.Equal(1, proof.Removed.Uploads);
        await AssertGoneAsync(pipeline, id, words, isWatched: true);

        // What was under way, or is told of again, finds the tombstone.
        foreach (WorkMessage message in late)
            await pipeline.RunAsync(message);
        await pipeline.Failure.RunAsync(StorageNames.ChunksQueue, WorkMessage.Enhance(new ChunkId(id, 0, 0), 0).Body, "too late", Stop);
        await pipeline.Complete.RunAsync(id, Stop);
        await AssertGoneAsync(pipeline, id, words, isWatched: true);
        await pipeline.Store.RequestRetryAsync([id], Stop);
        await pipeline.Sweep.RunAsync(Stop);
        pipeline.Time.Advance(TimeSpan.FromHours(1));
        await pipeline.Sweep.RunAsync(Stop);
        pipeline.Time.Advance(s_day);
        await pipeline.Sweep.RunAsync(Stop); // reconciliation, stuck recordings, and the last look
        await pipeline.Get<LakeCompactor>().CompactAsync(Stop);
        Assert.Empty(await pipeline.DrainAsync());
        pipeline.Time.Advance(s_day);
        await pipeline.Sweep.RunAsync(Stop);
        await AssertGoneAsync(pipeline, id, words, isWatched: false);
        Assert.Equal([nameof(ProofKind.Forgotten), nameof(ProofKind.Verified)], (await KindsAsync(pipeline))[..2]);
        Assert.Equal(nameof(ProofKind.Final), (await KindsAsync(pipeline))[^1]);
        Assert.Empty(await pipeline.Get<ProofChain>().VerifyAsync(Stop).ToListAsync(Stop));
    }

    [Fact]
    public async Task RunAsync_IngestAtWork_TakesBackWhatItWritesAfterwards()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        bool forgotten = false;
        await using PipelineUnderTest working = pipeline.WithQueue(StorageNames.ChunksQueue, queue => new TellingQueue(queue, async () =>
        {
            if (!forgotten)
                await ForgetAsync(pipeline, await pipeline.Get<ForgetTargets>().FindAsync([id.Value], [], Stop));
            forgotten = true;
        }));
        await working.Ingest.RunAsync(upload.ToMessage(id), Stop);
        Assert.True(forgotten);
        await working.DrainAsync();
        await AssertGoneAsync(pipeline, id, [id.Value, "an interview"], isWatched: true);
    }

    [Fact]
    public async Task RunAsync_StagesAtWork_NothingIsLeftWhenTheyHaveEnded()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        byte[] speech = await Recordings.SpeechAsync();
        var random = new Random(7);
        int runs = int.TryParse(
            Environment.GetEnvironmentVariable("NRSER_FORGET_RUNS"), NumberStyles.None, CultureInfo.InvariantCulture, out int more) ? more : 1;
        for (int run = 0; run < runs; run++)
        {
            string name = $"run-{run}.wav";
            (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(speech, name);
            await pipeline.Queue(StorageNames.UploadsQueue).SendAsync([upload.ToMessage(id)], Stop);
            // A stage may find its rows gone, and is tried again.
            Task draining = pipeline.DrainAsync(copies: 2).ContinueWith(_ => { }, TaskScheduler.Default);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(400)), TimeProvider.System, Stop);
            await ForgetAsync(pipeline, await pipeline.Get<ForgetTargets>().FindAsync([name], [], Stop));
            await draining;
            foreach (string queue in StorageNames.LaneQueues)
                await pipeline.TakeAsync(queue);
            await pipeline.Enhance.RunAsync(WorkMessage.Enhance(new ChunkId(id, 0, 0), 0), Stop);
            await pipeline.Recognize.RunAsync(WorkMessage.Recognize(new ChunkId(id, 0, 1), 0), Stop);
            pipeline.Time.Advance(TimeSpan.FromHours(1));
            await pipeline.Sweep.RunAsync(Stop);
            await AssertGoneAsync(pipeline, id, [id.Value, name], isWatched: true);
        }
    }

    [Fact]
    public async Task RunAsync_WhoeverAskedDied_SweepGoesOn()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        ForgetPlan plan = await pipeline.Get<ForgetTargets>().FindAsync([id.Value], [], Stop);
        await pipeline.Get<ForgottenStore>().RequestAsync(plan.Requests, Stop); // and no further
        pipeline.Time.Advance(TimeSpan.FromMinutes(2));
        await pipeline.Sweep.RunAsync(Stop);
        await AssertGoneAsync(pipeline, id, [id.Value, "an interview"], isWatched: true);
        Assert.NotNull(await pipeline.Get<ProofChain>().FindAsync(1, Stop));
    }

    [Fact]
    public async Task RunAsync_LettersAndLostEvents_OthersStay()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        RecordingId other = RecordingId.Parse("20260309-0123456789abcdef");
        await pipeline.TakeAsync(StorageNames.ChunksQueue);
        foreach (RecordingId each in new[] { id, other })
        {
            await pipeline.Queue(StorageNames.ChunksQueue).SendAsync([WorkMessage.Enhance(new ChunkId(each, 0, 0), 0)], Stop);
            WorkDelivery delivery = Assert.Single(await pipeline.Queue(StorageNames.ChunksQueue).ReceiveAsync(32, Stop));
            await delivery.DeadLetterAsync("It failed.", Stop);
        }

        BlobContainerClient lost = pipeline.Account.Blobs.Container(StorageNames.LostEvents);
        await lost.CreateIfNotExistsAsync(cancellationToken: Stop);
        string mine = EventOf(Name), others = EventOf("another.wav");
        await lost.GetBlobClient("both.json").UploadAsync(BinaryData.FromString($"[{mine},{others}]"), Stop);
        await lost.GetBlobClient("mine.json").UploadAsync(BinaryData.FromString($"[{mine}]"), Stop);
        await lost.GetBlobClient("strange.json").UploadAsync(BinaryData.FromString("no events"), Stop);

        ProofV1 proof = await ForgetAsync(pipeline, await pipeline.Get<ForgetTargets>().FindAsync([Name], [], Stop));
        Assert.Equal(3, proof.Removed.Letters);
        Assert.Contains(other.Value, Assert.Single(await pipeline.TakeAsync(StorageNames.PoisonOf(StorageNames.ChunksQueue))).Body,
            StringComparison.Ordinal);
        Assert.Equal(["both.json", "strange.json"], (await pipeline.Account.BlobsAsync(StorageNames.LostEvents)).Select(blob => blob.Name));
        await AssertGoneAsync(pipeline, id, [id.Value, "an interview"], isWatched: true);
        Assert.NotEmpty(await Search.FindAsync(pipeline.Account, "another.wav"));

        // Event Grid gives one up a while after the forgetting, and another a day after: then it is looked for a day longer.
        foreach ((TimeSpan later, bool isLost) in new[] { (TimeSpan.FromHours(1), true), (s_day, true), (s_day, false) })
        {
            if (isLost)
                await lost.GetBlobClient("late.json").UploadAsync(BinaryData.FromString($"[{mine},{others}]"), overwrite: true, Stop);
            pipeline.Time.Advance(later);
            await pipeline.Sweep.RunAsync(Stop);
            await AssertGoneAsync(pipeline, id, [id.Value, "an interview"], isWatched: isLost);
        }

        static string EventOf(string name) => new BlobCreatedEvent(StorageNames.Recordings, name, "0x1", 0).ToMessage(default).Body;
    }

    [Fact]
    public async Task RunAsync_RefusedContent_IsForgottenAgainUnderAnyName()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        byte[] speech = await Recordings.SpeechAsync();
        await pipeline.IngestAsync(speech);
        (RecordingId kept, BlobCreatedEvent copy) = await pipeline.UploadAsync(speech, "kept.wav");
        await pipeline.Ingest.RunAsync(copy.ToMessage(kept), Stop);
        await pipeline.DrainAsync();
        ForgetPlan plan = await pipeline.Get<ForgetTargets>().FindAsync([Name], [], Stop);
        await ForgetAsync(pipeline, plan with { Requests = [.. plan.Requests.Select(request => request with { IsRefused = true })] });

        (RecordingId again, BlobCreatedEvent upload) = await pipeline.UploadAsync(speech, "copy.wav");
        await pipeline.Ingest.RunAsync(upload.ToMessage(again), Stop);
        Assert.Equal(RecordingStatus.Forgotten, (await pipeline.RowAsync(again)).Status);
        Assert.Empty(await pipeline.DrainAsync());
        pipeline.Time.Advance(TimeSpan.FromMinutes(2));
        await pipeline.Sweep.RunAsync(Stop);
        await AssertGoneAsync(pipeline, again, [again.Value, "copy.wav"], isWatched: true);
        Assert.False(await pipeline.Upload("copy.wav").ExistsAsync(Stop));

        // A copy that was here before stays, whatever is told of it, and another content is not touched.
        await pipeline.Upload("kept.wav").SetMetadataAsync(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = "b" }, cancellationToken: Stop);
        await pipeline.Ingest.RunAsync(copy.ToMessage(kept), Stop);
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(kept)).Status);
        (RecordingId other, BlobCreatedEvent silence) = await pipeline.UploadAsync(await Recordings.SilenceAsync(), "silence.wav");
        await pipeline.Ingest.RunAsync(silence.ToMessage(other), Stop);
        Assert.Equal(RecordingStatus.Processing, (await pipeline.RowAsync(other)).Status);
    }

    [Fact]
    public async Task Refusals_KeyRotatedAndLost_OldOnesHoldAndTheLossShows()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        Refusals refusals = pipeline.Get<Refusals>();
        await refusals.RefuseAsync(["00ff"], Stop);
        Assert.Equal(2, await refusals.RotateAsync(Stop));
        await refusals.RefuseAsync(["11ff"], Stop);
        Assert.True(await refusals.IsRefusedAsync("00ff", Stop));
        Assert.True(await refusals.IsRefusedAsync("11ff", Stop));
        Assert.False(await refusals.IsRefusedAsync("22ff", Stop));
        Assert.Empty(await refusals.LostAsync(Stop));
        string[] rows = await pipeline.Account.RowsAsync();
        Assert.DoesNotContain(rows, row => row.Contains("00ff", StringComparison.Ordinal));

        await pipeline.Account.Blobs.Container(StorageNames.Keys).DeleteBlobAsync(Refusals.KeyName, cancellationToken: Stop);
        pipeline.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([1, 1], (await refusals.LostAsync(Stop)).Values);
        await Assert.ThrowsAsync<RefusalKeyException>(() => refusals.RefuseAsync(["33ff"], Stop)); // a new key would hide it
    }

    internal static async Task<ProofV1> ForgetAsync(PipelineUnderTest pipeline, ForgetPlan plan)
    {
        await pipeline.Get<ForgetRequests>().RequestAsync(plan.Requests, Stop);
        return (await pipeline.Get<ForgetRecordings>().RunAsync(Stop))![^1].Proof;
    }

    internal static async Task AssertGoneAsync(PipelineUnderTest pipeline, RecordingId id, string[] words, bool isWatched) =>
        Assert.Equal(isWatched, await Search.AssertForgottenAsync(pipeline.Account, [id], words[1..]));

    private static async Task<string[]> KindsAsync(PipelineUnderTest pipeline)
    {
        var kinds = new List<string>();
        for (int number = 1; await pipeline.Get<ProofChain>().FindAsync(number, Stop) is { } proof; number++)
            kinds.Add(proof.Kind);
        return [.. kinds];
    }

    private static async Task<byte[]> ContentAsync(string stage) =>
        stage == "rejected" ? "no audio at all, but long enough to be looked into"u8.ToArray() : await Recordings.SpeechAsync();

    /// <summary>Brings a recording as far as it is to come.</summary>
    /// <returns>It, and messages that are handed out again afterwards.</returns>
    private static async Task<(RecordingId Id, WorkMessage[] Late)> BringToAsync(PipelineUnderTest pipeline, string stage)
    {
        (RecordingId id, BlobCreatedEvent told) = await pipeline.UploadAsync(await ContentAsync(stage), Name);
        WorkMessage upload = told.ToMessage(id);
        if (stage == "dropped")
            return (id, [upload]);
        await pipeline.Uploads.AnnounceAsync(await pipeline.ListedUploadAsync(), Stop);
        if (stage == "announced")
            return (id, [upload]); // its message waits
        await pipeline.RunAsync(Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue)));
        if (stage == "rejected")
            return (id, [upload]);
        WorkMessage[] chunks = [.. (await pipeline.TakeAsync(StorageNames.ChunksQueue)).Append(upload)];
        if (stage == "given up")
        {
            await pipeline.Failure.RunAsync(StorageNames.ChunksQueue, chunks[0].Body, "It failed.", Stop);
            return (id, chunks);
        }

        if (stage == "ingested")
            return (id, chunks);
        await pipeline.RunAsync(chunks[0]);
        WorkMessage[] emotions = await pipeline.TakeAsync(StorageNames.EmotionsQueue);
        if (stage == "enhanced")
            return (id, [.. chunks, .. emotions]);
        foreach (WorkMessage emotion in emotions)
            await pipeline.RunAsync(emotion);
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
        if (stage.StartsWith("in the lake", StringComparison.Ordinal))
            Assert.Equal(1, await pipeline.Get<LakeCompactor>().CompactAsync(Stop));
        if (stage.EndsWith("marked again", StringComparison.Ordinal))
            await pipeline.Get<LakeMarkers>().MarkAsync(id, Stop);
        return (id, [.. chunks, .. emotions]);
    }

    /// <summary>Tells when something was sent.</summary>
    private sealed class TellingQueue(IWorkQueue inner, Func<Task> told) : IWorkQueue
    {
        public string Name => inner.Name;

        public async Task SendAsync(IReadOnlyCollection<WorkMessage> messages, CancellationToken cancellationToken)
        {
            await inner.SendAsync(messages, cancellationToken);
            await told();
        }

        public Task<IReadOnlyList<WorkDelivery>> ReceiveAsync(int max, CancellationToken cancellationToken) =>
            inner.ReceiveAsync(max, cancellationToken);

        public Task<DateTimeOffset?> OldestSentAtAsync(CancellationToken cancellationToken) => inner.OldestSentAtAsync(cancellationToken);
    }
}
