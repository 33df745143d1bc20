using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class RecognizeEmotionTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // An emulator saves tables, blobs and queues one after the other: killed in between, its tables may be older than what waits in its queues.
    [Fact]
    public async Task RunAsync_TablesForgotTheEnhancement_WritesItsRowsAgain()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        Chunk[] cut = await pipeline.ChunkRowsAsync(id);
        foreach (WorkMessage message in await pipeline.TakeAsync(StorageNames.ChunksQueue))
            await pipeline.RunAsync(message);
        Segment[] enhanced = await pipeline.SegmentsAsync(id);
        foreach (Segment segment in enhanced)
            await pipeline.Account.Tables.Segments.DeleteEntityAsync(id.Value, segment.Key, cancellationToken: Stop);
        foreach (Chunk chunk in cut.Where(chunk => chunk.Samples is not null))
        {
            await pipeline.Account.Tables.Chunks.DeleteEntityAsync(id.Value, chunk.Id.Key, cancellationToken: Stop);
            await pipeline.Store.MergeChunkAsync(chunk, Stop);
        }

        foreach (WorkMessage message in await pipeline.TakeAsync(StorageNames.EmotionsQueue))
            await pipeline.RunAsync(message);

        Segment[] segments = await pipeline.SegmentsAsync(id);
        Assert.Equal(enhanced.Where(segment => segment.IsSpeech).Select(Decided), segments.Where(segment => segment.IsSpeech).Select(Decided));
        Assert.All(segments, segment => Assert.Equal(segment.IsSpeech, segment.Emotion is not null));

        static (double, double, float, string?) Decided(Segment segment) =>
            (segment.StartSeconds, segment.EndSeconds, segment.SnrScore, segment.EnhancerModel);
    }
}
