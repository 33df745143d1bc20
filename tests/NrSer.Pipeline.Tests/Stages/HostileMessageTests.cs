using CsCheck;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class HostileMessageTests(StorageEmulator emulator)
{
    private static readonly RecordingId s_id = RecordingId.Parse("20260309-0123456789abcdef");

    private static readonly string[] s_good =
    [
        new BlobCreatedEvent(StorageNames.Recordings, "a.wav", "0x8DC", 0).ToMessage(s_id).Body,
        WorkMessage.Enhance(new ChunkId(s_id, 0, 0), 0).Body, WorkMessage.Recognize(new ChunkId(s_id, 1, 2), 3).Body,
    ];

    // Arbitrary text, and good messages with a stretch cut out, replaced or doubled.
    private static readonly Gen<string> s_bodies = Gen.OneOf(
        Gen.String[0, 60],
        Gen.Select(Gen.Int[0, s_good.Length - 1].Select(i => s_good[i]), Gen.Int[0, 200], Gen.Int[0, 20], Gen.String[0, 8],
            (good, at, length, text) =>
        {
            int start = at % good.Length, count = Math.Min(length, good.Length - start);
            return good.Remove(start, count).Insert(start, text);
        }));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_AnyText_IsRefusedOrLeavesNoTrace()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        int refused = 0;
        await s_bodies.SampleAsync(
            async body =>
            {
                foreach (Func<WorkMessage, CancellationToken, Task> stage in new[] { pipeline.Ingest.RunAsync, pipeline.Enhance.RunAsync,
                    pipeline.Recognize.RunAsync })
                {
                    try
                    {
                        await stage(new WorkMessage("hostile", body, TraceParent: null), Stop);
                    }
                    catch (InvalidMessageException)
                    {
                        Interlocked.Increment(ref refused);
                    }
                }

                foreach (string queue in StorageNames.Queues)
                    await pipeline.Failure.RunAsync(queue, body, "hostile", Stop);
            },
            iter: 150, seed: "0000000000001");
        Assert.True(refused > 150);
        Assert.Empty(await pipeline.SnapshotAsync());
        foreach (string queue in StorageNames.Queues)
            Assert.Empty(await pipeline.TakeAsync(queue));
    }
}
