using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Azure;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Pipeline.Tests.Work;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests;

public sealed class PipelineTelemetryTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HandleAsync_AlongAllQueues_IsOneTrace()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == PipelineTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        using var root = new Activity("test").Start();
        await pipeline.Queue(StorageNames.UploadsQueue).SendAsync([upload.ToMessage(id)], Stop);
        string traceId = root.TraceId.ToHexString();
        root.Stop();
        foreach ((string queue, Func<WorkMessage, CancellationToken, Task> stage) in new (string, Func<WorkMessage, CancellationToken, Task>)[]
        {
            (StorageNames.UploadsQueue, pipeline.Ingest.RunAsync), (StorageNames.ChunksQueue, pipeline.Enhance.RunAsync),
            (StorageNames.EmotionsQueue, pipeline.Recognize.RunAsync),
        })
        {
            using var pump = Pumps.Create(pipeline.Queue(queue), stage, new QueueOptions(), TimeProvider.System);
            await pump.HandleAsync(Assert.Single(await pipeline.Queue(queue).ReceiveAsync(32, Stop)), Stop);
        }

        Activity[] own = [.. spans.Where(span => span.TraceId.ToHexString() == traceId)]; // other tests run beside this one
        Assert.Equal(StorageNames.Queues, own.Select(span => span.OperationName));
        Assert.Equal(root.SpanId, own[0].ParentSpanId);
        Assert.Equal(own[0].SpanId, own[1].ParentSpanId);
        Assert.Equal(own[1].SpanId, own[2].ParentSpanId);
    }

    [Fact]
    public async Task EveryInstrument_WhereItBelongs_CountsWithItsTags()
    {
        var seen = new ConcurrentQueue<(string Name, string Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == PipelineTelemetry.Name)
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => seen.Enqueue((instrument.Name, Text(tags))));
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => seen.Enqueue((instrument.Name, Text(tags))));
        listener.Start();
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.DrainAsync();
        (RecordingId broken, BlobCreatedEvent upload) = await pipeline.UploadAsync("Dear diary"u8.ToArray(), "text.wav");
        await pipeline.Ingest.RunAsync(upload.ToMessage(broken), Stop);
        await pipeline.Failure.RunAsync(StorageNames.ChunksQueue, "{}", "unreadable", Stop);

        await pipeline.Queue(StorageNames.ChunksQueue).SendAsync([new WorkMessage("waits", "{}", null)], Stop);
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Contains(("nrser.queue.age", "queue=chunks"), seen); // nobody receives it
        Assert.Contains(("nrser.sweeps", ""), seen);

        foreach (string stage in new[] { "ingest", "enhance", "recognize" })
        {
            Assert.Contains(("nrser.audio", $"stage={stage}"), seen);
            Assert.Contains(("nrser.real_time_factor", $"stage={stage}"), seen);
        }

        int tries = 0;
        using var pump = Pumps.Create(
            pipeline.Queue(StorageNames.ChunksQueue), (_, _) => ++tries == 1 ? throw new RequestFailedException(503, "busy") : Task.CompletedTask,
            new QueueOptions(), TimeProvider.System);
        await pump.HandleAsync(Assert.Single(await pipeline.Queue(StorageNames.ChunksQueue).ReceiveAsync(32, Stop)), Stop);
        Assert.Contains(("nrser.unavailable", "queue=chunks"), seen);
        Assert.Contains(("nrser.failures", "status=Rejected,reason=audio"), seen);
        Assert.Contains(("nrser.failures", "status=none,reason=dead-letter"), seen);

        static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
    }
}
