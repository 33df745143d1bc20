using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Uploads;

public sealed class BlobEventPumpTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_UploadsAndARestart_SendsEachEventOnce()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId first, _) = await pipeline.UploadAsync([1, 2, 3], "first.wav");
        await RunUntilQueuedAsync(pipeline, first);
        (RecordingId second, _) = await pipeline.UploadAsync([4, 5, 6], "second.wav");
        await RunUntilQueuedAsync(pipeline, second); // another pump, as after a restart, while the first event still waits

        WorkMessage[] sent = await pipeline.TakeAsync(StorageNames.UploadsQueue);
        Assert.Equal([$"{first}/0/ingest", $"{second}/0/ingest"], sent.Select(message => message.MessageId));
        pipeline.Time.Advance(TimeSpan.FromMinutes(30));
        await pipeline.Sweep.RunAsync(Stop); // they wait, they are not lost
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));
    }

    private static async Task RunUntilQueuedAsync(PipelineUnderTest pipeline, RecordingId id)
    {
        using var pump = new BlobEventPump(
            pipeline.Listing, pipeline.Uploads, Options.Create(new UploadOptions()), Options.Create(new QueueOptions()), pipeline.Time,
            NullLogger<BlobEventPump>.Instance);
        await pump.StartAsync(Stop);
        await Polling.UntilAsync(async () =>
        {
            pipeline.Time.Advance(TimeSpan.FromSeconds(1));
            return (await pipeline.Store.FindAsync(id, Stop))?.Status == RecordingStatus.Queued;
        });
        await pump.StopAsync(Stop);
    }
}
