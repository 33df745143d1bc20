using NrSer.Pipeline.Results;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

/// <summary>What a stage asks of the services, counted: unlike time, that is the same on every machine.</summary>
public sealed class RequestCountTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sweep_TenTimesTheRecordings_AsksTheSame()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await pipeline.Sweep.RunAsync(Stop); // the daily look through everything
        await AddCompletedAsync(pipeline, 0, 15);
        string[] few = await CountedRequests.OfAsync(pipeline.Account, () => pipeline.Sweep.RunAsync(Stop));
        await AddCompletedAsync(pipeline, 15, 150);
        string[] many = await CountedRequests.OfAsync(pipeline.Account, () => pipeline.Sweep.RunAsync(Stop));
        Assert.Equal(few, many);
        Assert.InRange(few.Length, 1, 9);
    }

    // A figure that may only fall: raising it needs a reason.
    [Fact]
    public async Task Stages_OneShortRecording_AskNoMoreThanTheyNeed()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await pipeline.Get<DeploymentBlob>().RecentAsync(Stop); // the purpose is asked once in five minutes, not once a recording
        await pipeline.UploadAsync(await Recordings.SpeechAsync());
        string[] announce = await CountedRequests.OfAsync(pipeline.Account, async () =>
        {
            foreach (Upload upload in await pipeline.Listing.ListAsync(Stop).ToListAsync(Stop))
                await pipeline.Uploads.AnnounceAsync(upload, Stop);
        });
        string[] ingest = await HandleAsync(pipeline, StorageNames.UploadsQueue);
        string[] enhance = await HandleAsync(pipeline, StorageNames.ChunksQueue);
        string[] recognise = await HandleAsync(pipeline, StorageNames.EmotionsQueue);
        foreach ((string stage, string[] requests) in new[] { ("announce", announce), ("ingest", ingest), ("enhance", enhance),
            ("recognise", recognise) })
            TestContext.Current.TestOutputHelper!.WriteLine($"{stage}, {requests.Length} requests:\n  {string.Join("\n  ", requests)}");
        // Announcing asks for the tombstone before it sends: what was listed before a forgetting is not to be told of after it.
        // Ingest asks each time whether there is a key of what is refused: what has just been refused is not to be taken in again.
        Assert.Equal((6, 15, 14, 18), (announce.Length, ingest.Length, enhance.Length, recognise.Length));
    }

    // A kill of an emulator leaves one of each that was held, or not saved yet.
    [Fact]
    public async Task Ingest_EventOfAnEarlierGeneration_AsksLittle()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        WorkMessage early = Assert.Single(await RestartAsync()), late = Assert.Single(await RestartAsync());
        string[] requests = await CountedRequests.OfAsync(pipeline.Account, () => pipeline.Ingest.RunAsync(early, Stop));
        Assert.Equal(
            ["HEAD recordings", "GET uploads", "GET recordings"], requests.Select(request => request.Split('/', '(')[0]));
        await pipeline.Ingest.RunAsync(late, Stop);
        await pipeline.DrainAsync();
        Assert.Equal((RecordingStatus.Completed, 2), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).Generation));

        async Task<WorkMessage[]> RestartAsync()
        {
            await pipeline.Get<RestartRecording>().RunAsync(await pipeline.RowAsync(id), "the storage was killed", failedRuns: 0, Stop);
            return await pipeline.TakeAsync(StorageNames.UploadsQueue);
        }
    }

    private static Task<string[]> HandleAsync(PipelineUnderTest pipeline, string queue) => CountedRequests.OfAsync(pipeline.Account, async () =>
    {
        foreach (WorkMessage message in await pipeline.TakeAsync(queue))
            await pipeline.RunAsync(message);
    });

    private static async Task AddCompletedAsync(PipelineUnderTest pipeline, int from, int to)
    {
        for (int number = from; number < to; number++)
        {
            var row = new Recording { Id = RecordingId.Parse($"20260309-{number:x16}"), BlobName = $"{number}.wav" };
            await pipeline.Store.AdvanceAsync(row with { Status = RecordingStatus.Processing }, Stop);
            await pipeline.Store.AdvanceAsync(row with { Status = RecordingStatus.Completed }, Stop);
        }
    }
}
