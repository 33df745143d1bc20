using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
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
