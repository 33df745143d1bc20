using System.Collections.Concurrent;
using System.Diagnostics;
using NrSer.Pipeline.Results;
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
        string[] few = await RequestsAsync(pipeline, () => pipeline.Sweep.RunAsync(Stop));
        await AddCompletedAsync(pipeline, 15, 150);
        string[] many = await RequestsAsync(pipeline, () => pipeline.Sweep.RunAsync(Stop));
        Assert.Equal(few, many);
        Assert.InRange(few.Length, 1, 9);
    }

    // A figure that may only fall: raising it needs a reason.
    [Fact]
    public async Task Stages_OneShortRecording_AskNoMoreThanTheyNeed()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await pipeline.UploadAsync(await Recordings.SpeechAsync());
        string[] announce = await RequestsAsync(pipeline, async () =>
        {
            foreach (Upload upload in await pipeline.Uploads.ListAsync(Stop).ToListAsync(Stop))
                await pipeline.Uploads.AnnounceAsync(upload, Stop);
        });
        string[] ingest = await HandleAsync(pipeline, StorageNames.UploadsQueue);
        string[] enhance = await HandleAsync(pipeline, StorageNames.ChunksQueue);
        string[] recognise = await HandleAsync(pipeline, StorageNames.EmotionsQueue);
        foreach ((string stage, string[] requests) in new[] { ("announce", announce), ("ingest", ingest), ("enhance", enhance),
            ("recognise", recognise) })
            TestContext.Current.TestOutputHelper!.WriteLine($"{stage}, {requests.Length} requests:\n  {string.Join("\n  ", requests)}");
        Assert.Equal((6, 14, 14, 20), (announce.Length, ingest.Length, enhance.Length, recognise.Length));
    }

    private static Task<string[]> HandleAsync(PipelineUnderTest pipeline, string queue) => RequestsAsync(pipeline, async () =>
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

    /// <summary>Method and path of every request to the account.</summary>
    private static async Task<string[]> RequestsAsync(PipelineUnderTest pipeline, Func<Task> work)
    {
        string account = pipeline.Account.ConnectionString.Split("AccountName=")[1].Split(';')[0];
        var requests = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("url.full") is string url && url.Contains($"/{account}/", StringComparison.Ordinal))
                    requests.Enqueue($"{activity.GetTagItem("http.request.method")} {url.Split($"/{account}/")[1]}");
            },
        };
        ActivitySource.AddActivityListener(listener);
        await work();
        return [.. requests];
    }
}
