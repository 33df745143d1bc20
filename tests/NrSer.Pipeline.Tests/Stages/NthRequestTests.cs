using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

/// <summary>
/// All stages behind a proxy that fails one request, or some in a row; afterwards everything must be as if nothing had happened. CI takes a few
/// by a seed; <c>NRSER_FAULTS=230</c> takes every request up to that one, each with the next kind of fault: five seeds in a row (NRSER_FAULT_SEED)
/// try each request with each.
/// </summary>
public sealed class NthRequestTests(StorageEmulator emulator)
{
    private const int Requests = 205; // of the run below, about
    private const int Outage = 60; // longer than any client goes on trying

    private static readonly FaultyProxy.Fault[] s_inCI = [FaultyProxy.Fault.Lose, FaultyProxy.Fault.Lose, FaultyProxy.Fault.Drop];

    private static readonly (FaultyProxy.Fault Fault, int Length)[] s_faults =
    [
        (FaultyProxy.Fault.Lose, 1), (FaultyProxy.Fault.Drop, 1), (FaultyProxy.Fault.Refuse, 1), (FaultyProxy.Fault.Delay, 1),
        (FaultyProxy.Fault.Drop, Outage),
    ];

    private static readonly KeyValuePair<string, string?>[] s_quick =
    [
        new("NrSer:Queues:PollInterval", "00:00:00.100"), new("NrSer:Queues:RetryDelay", "00:00:00.100"),
        new("NrSer:Queues:LockDuration", "00:00:05"), new("NrSer:Sweep:Interval", "00:00:01"), new("NrSer:Uploads:LongestPause", "00:00:01"),
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stages_NthRequestFails_EndAsIfNothingHadHappened()
    {
        (string Name, string Said)[] expected = await RunAsync(FaultyProxy.Fault.Delay, int.MaxValue, 1);
        Assert.Contains(expected, upload => upload.Said.StartsWith("Completed", StringComparison.Ordinal));
        await Parallel.ForEachAsync(Faults(), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Stop }, async (one, _) =>
        {
            (string Name, string Said)[] found = await RunAsync(one.Fault, one.First, one.Length);
            Assert.True(expected.SequenceEqual(found),
                $"{one}: {string.Join('\n', expected.Except(found))}\nbecame\n{string.Join('\n', found.Except(expected))}");
        });
    }

    private static (FaultyProxy.Fault Fault, int First, int Length)[] Faults()
    {
        int seed = Number("NRSER_FAULT_SEED") ?? 20230901;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        if (Number("NRSER_FAULTS") is { } all)
        {
            return [.. Enumerable.Range(1, all).Select(first =>
            {
                (FaultyProxy.Fault fault, int length) = s_faults[(first + seed) % s_faults.Length];
                return (fault, first, length);
            })];
        }

        return [.. s_inCI.Select(fault => (fault, random.Next(1, Requests), 1))];
    }

    /// <summary>Takes in three recordings by all stages.</summary>
    /// <returns>What became of each upload.</returns>
    private async Task<(string Name, string Said)[]> RunAsync(FaultyProxy.Fault fault, int first, int length)
    {
        await using PipelineUnderTest direct = await PipelineUnderTest.CreateAsync(emulator, s_quick);
        await direct.UploadAsync(await Recordings.ThreeChunksAsync(), "three.wav");
        await direct.UploadAsync(await Recordings.SpeechAsync(), "one.wav");
        await direct.UploadAsync("no audio"u8.ToArray(), "none.wav");
        await using var proxy = new FaultyProxy(direct.Account.ConnectionString);
        proxy.Plan(fault, first, length);
        await using PipelineUnderTest host = direct.Hosted(proxy.ConnectionString);
        IHostedService[] services = [.. host.Get<IEnumerable<IHostedService>>()];
        foreach (IHostedService service in services)
            await service.StartAsync(Stop);
        try
        {
            await Polling.UntilAsync(() => IsSettledAsync(direct), limit: TimeSpan.FromMinutes(10)); // three or four runs have the machine together
        }
        finally
        {
            TestContext.Current.TestOutputHelper!.WriteLine(
                $"{fault} of {length} from {first}: {proxy.Count} requests\n{string.Join('\n', proxy.Hit.Take(Outage))}");
        }

        foreach (IHostedService service in services)
            await service.StopAsync(Stop);
        return await SayAsync(direct);
    }

    private static async Task<bool> IsSettledAsync(PipelineUnderTest pipeline)
    {
        List<Recording> rows = await pipeline.Store.ListAsync(new RecordingFilter(Today.AddDays(-1), Today.AddDays(1)), Stop).ToListAsync(Stop);
        if (rows.Count < 3 || rows.Exists(row => row.Status.IsOpen()))
            return false;
        foreach (string queue in StorageNames.StorageQueues)
        {
            if ((await pipeline.Account.Queue(queue).GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount > 0)
                return false;
        }

        return true;
    }

    /// <summary>Every recording's rows and its Parquet, of which they must be a copy, without what tells one upload from another.</summary>
    private static async Task<(string Name, string Said)[]> SayAsync(PipelineUnderTest pipeline)
    {
        var said = new List<(string, string)>();
        await foreach (Recording row in pipeline.Store.ListAsync(new RecordingFilter(Today.AddDays(-1), Today.AddDays(1)), Stop))
        {
            Segment[] segments = await pipeline.SegmentsAsync(row.Id);
            Azure.Storage.Blobs.BlobContainerClient results = pipeline.Account.Blobs.Container(StorageNames.Results);
            if (row.Status == RecordingStatus.Completed)
            {
                await using Stream file = await results.GetBlobClient(ResultBlobs.SegmentsName(row.Id)).OpenReadAsync(cancellationToken: Stop);
                Assert.Equal(segments.Select(Text), await SegmentParquet.ReadAsync(file, row.Id, Stop).Select(Text).ToArrayAsync(Stop));
                Assert.True(await results.GetBlobClient(ResultBlobs.ReceiptName(row.Id)).ExistsAsync(Stop));
            }

            Chunk[] chunks = await pipeline.ChunkRowsAsync(row.Id);
            said.Add((row.BlobName!, $"{row.Status} {row.Reason} generation {row.Generation}, {row.SegmentCount} segments, {chunks.Length} chunks\n"
                + string.Join('\n', segments.Select(Text))));
        }

        await AssertNothingOpenAsync(pipeline);
        return [.. said.Order()];
    }

    /// <summary>A note of open work that outlived the work, since its removal failed, goes with the sweep that would have stepped in.</summary>
    private static async Task AssertNothingOpenAsync(PipelineUnderTest pipeline)
    {
        DateTimeOffset later = TimeProvider.System.GetUtcNow().AddDays(1);
        if (!await pipeline.Store.Open.UnfinishedAsync(later, Stop).AnyAsync(Stop))
            return;
        await using PipelineUnderTest tomorrow = pipeline.WithClock(new FakeTimeProvider(later));
        await tomorrow.Sweep.RunAsync(Stop);
        Assert.Empty(await pipeline.Store.Open.UnfinishedAsync(later, Stop).ToListAsync(Stop));
    }

    private static DateOnly Today => DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    private static string Text(Segment segment) => string.Join(' ', SegmentColumns.All.Where(column => !column.IsKey).Select(column =>
        column.ValueOf(segment) is float or double ? $"{Convert.ToDouble(column.ValueOf(segment), CultureInfo.InvariantCulture):F4}"
            : $"{column.ValueOf(segment)}"));

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
