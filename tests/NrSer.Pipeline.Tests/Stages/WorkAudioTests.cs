using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class WorkAudioTests(StorageEmulator emulator)
{
    private static readonly KeyValuePair<string, string?> s_budget = KeyValuePair.Create("NrSer:WorkAudio:BudgetBytes", (string?)"400000");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Trim_BeyondTheBudget_RemovesTheAudioOfWhatWasDoneFirst()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, s_budget);
        RecordingId first = await TakeInAsync(pipeline, "first.wav"); // 3 s, 384,000 bytes
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Equal([$"{first}/00-00000.wav"], await AudioAsync(pipeline));
        RecordingId second = await TakeInAsync(pipeline, "second.wav");
        pipeline.Time.Advance(TimeSpan.FromMinutes(2));
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Equal([$"{second}/00-00000.wav"], await AudioAsync(pipeline));
        Assert.Equal(
            new[] { $"{first}/00-00000.dat", $"{first}/00-00000.json", $"{second}/00-00000.dat", $"{second}/00-00000.json", $"{second}/00-00000.wav" }
                .Order(StringComparer.Ordinal),
            (await pipeline.Account.BlobsAsync(StorageNames.Enhanced)).Select(blob => blob.Name));
        Assert.Single(await pipeline.SegmentsAsync(first));
    }

    [Fact]
    public async Task Trim_OlderOneIsOpen_LeavesItsAudio()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, s_budget);
        (RecordingId open, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SilenceAsync(), "open.wav");
        await pipeline.Ingest.RunAsync(upload.ToMessage(open), Stop); // and whoever works on it dies
        Assert.Single(await pipeline.TakeAsync(StorageNames.ChunksQueue));
        RecordingId ended = await TakeInAsync(pipeline, "ended.wav");
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(ended)).Status);
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Equal(2, (await AudioAsync(pipeline)).Length); // what is open does not count
        RecordingId last = await TakeInAsync(pipeline, "last.wav");
        pipeline.Time.Advance(TimeSpan.FromMinutes(2));
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Equal(
            new[] { $"{last}/00-00000.wav", $"{open}/00-00000.wav" }.Order(StringComparer.Ordinal),
            (await AudioAsync(pipeline)).Order(StringComparer.Ordinal));

        await pipeline.Queue(StorageNames.ChunksQueue).SendAsync([WorkMessage.Enhance(new ChunkId(open, 0, 0), 0)], Stop);
        await pipeline.DrainAsync();
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(open)).Status);
        pipeline.Time.Advance(TimeSpan.FromMinutes(2));
        await pipeline.Sweep.RunAsync(Stop);
        Assert.DoesNotContain($"{open}/00-00000.wav", await AudioAsync(pipeline)); // done with, whoever noted it
    }

    [Fact]
    public async Task Complete_APodcast_RemovesItsAudioAtOnce()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, s_budget);
        RecordingId id = await TakeInAsync(pipeline, "podcasts/a feed/1.wav");
        Assert.Empty(await AudioAsync(pipeline));
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
    }

    [Fact]
    public async Task Complete_NoBudget_LeavesAllOfIt()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await TakeInAsync(pipeline, "podcasts/a feed/1.wav");
        Assert.Single(await AudioAsync(pipeline));
    }

    private static async Task<RecordingId> TakeInAsync(PipelineUnderTest pipeline, string name)
    {
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SilenceAsync(), name);
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        await pipeline.DrainAsync();
        return id;
    }

    private static async Task<string[]> AudioAsync(PipelineUnderTest pipeline) =>
        [.. (await pipeline.Account.BlobsAsync(StorageNames.Chunks)).Select(blob => blob.Name)
            .Where(name => name.EndsWith(".wav", StringComparison.Ordinal))];
}
