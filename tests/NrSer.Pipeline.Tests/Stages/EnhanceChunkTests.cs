using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NrSer.Core;
using NrSer.Core.Models;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class EnhanceChunkTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_Speech_StoresMixManifestAndRowsAndPassesOn()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.Enhance.RunAsync(Assert.Single(await pipeline.TakeAsync(StorageNames.ChunksQueue)), Stop);

        SegmentManifestV1 manifest = (await pipeline.Chunks.FindManifestAsync(new ChunkId(id, 0, 0), Stop))!;
        ManifestSegmentV1 segment = Assert.Single(manifest.Segments);
        Assert.Equal((0, 40_000, true), (segment.StartSample, segment.Samples, segment.IsSpeech));
        Segment row = Assert.Single(await pipeline.SegmentsAsync(id));
        Assert.Equal((0.0, 2.5, segment.SnrScore, true, null), (row.StartSeconds, row.EndSeconds, row.SnrScore, row.IsSpeech, row.Emotion));
        (string name, string audio) =
            Assert.Single(await pipeline.Account.BlobsAsync(StorageNames.Enhanced), blob => blob.Name.EndsWith(".wav", StringComparison.Ordinal));
        Assert.Equal(($"{id}/00-00000.wav", 40_000), (name, (await Recordings.SamplesAsync(Convert.FromBase64String(audio))).Length));
        Chunk chunk = Assert.Single(await pipeline.ChunkRowsAsync(id));
        Assert.Equal((pipeline.Time.GetUtcNow(), true, null), (chunk.EnhancedAt, chunk.HasSpeech, chunk.FinishedAt));
        Assert.Equal(new RecognizeEmotionV1(id.Value, 0, 0, 0),
            Assert.Single(await pipeline.TakeAsync(StorageNames.EmotionsQueue)).AsRecognizeEmotion());
    }

    [Fact]
    public async Task RunAsync_Silence_FinishesTheChunkWithoutRecognition()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SilenceAsync());
        await pipeline.Enhance.RunAsync(Assert.Single(await pipeline.TakeAsync(StorageNames.ChunksQueue)), Stop);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.EmotionsQueue));
        Chunk chunk = Assert.Single(await pipeline.ChunkRowsAsync(id));
        Assert.Equal((false, pipeline.Time.GetUtcNow()), (chunk.HasSpeech, chunk.FinishedAt));
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Completed, 0, 0.0, null, null),
            (row.Status, row.SpeechSegmentCount, row.SpeechSeconds, row.MeanSnrScore, row.DominantEmotion));
    }

    // A kill of the emulator had it sent once more; when it comes the recording has ended, and its audio is gone, as that of a podcast is at once.
    [Fact]
    public async Task RunAsync_FinishedAndItsAudioIsGone_DoesNothing()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.DrainAsync();
        foreach (string container in new[] { StorageNames.Chunks, StorageNames.Enhanced })
        {
            foreach ((string name, string _) in await pipeline.Account.BlobsAsync(container))
                await pipeline.Account.Blobs.Container(container).DeleteBlobAsync(name, cancellationToken: Stop);
        }

        string[] before = await pipeline.SnapshotAsync();
        await pipeline.Enhance.RunAsync(WorkMessage.Enhance(new ChunkId(id, 0, 0), generation: 1), Stop);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.EmotionsQueue));
        Assert.Equal(before, await pipeline.SnapshotAsync());
    }

    // For whoever wants to hear it when the audio between stages is gone: rows alone lead back to the same samples.
    [Theory]
    [InlineData(".wav")]
    [InlineData("")] // the manifest too, as the account's rules delete it in Azure
    public async Task RemakeAsync_AudioDeleted_MakesTheSameSamples(string deleted)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        await pipeline.DrainAsync();
        (string Name, string Content)[] before = await pipeline.Account.BlobsAsync(StorageNames.Enhanced);
        foreach ((string name, string _) in before.Where(blob => blob.Name.EndsWith(deleted, StringComparison.Ordinal)))
            await pipeline.Account.Blobs.Container(StorageNames.Enhanced).DeleteBlobAsync(name, cancellationToken: Stop);
        Segment[] segments = await pipeline.SegmentsAsync(id);
        foreach (Chunk chunk in await pipeline.ChunkRowsAsync(id))
            await pipeline.Enhance.RemakeAsync(chunk, segments, Stop);
        (string Name, string Content)[] after = await pipeline.Account.BlobsAsync(StorageNames.Enhanced);
        Assert.NotEmpty(after);
        Assert.Equal(before.Where(blob => !blob.Name.EndsWith(".json", StringComparison.Ordinal)),
            after.Where(blob => !blob.Name.EndsWith(".json", StringComparison.Ordinal)));
    }

    // Another machine decided before, and its floating-point numbers cut elsewhere.
    [Fact]
    public async Task RunAsync_ManifestThere_ObeysIt()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        int samples = (await pipeline.ChunkRowsAsync(id))[0].Samples!.Value;
        var decided = new SegmentManifestV1("other@9", "another@9",
            [new ManifestSegmentV1(0, 36_000, 0.25f, true, MixWeight: 0.75f), new ManifestSegmentV1(36_000, samples - 36_000, 1.5f, false)]);
        Assert.Same(decided, await pipeline.Chunks.DecideManifestAsync(new ChunkId(id, 0, 0), decided, Stop));
        await pipeline.DrainAsync();

        Segment[] rows = [.. (await pipeline.SegmentsAsync(id)).Take(3)];
        Assert.Equal([(0, 2.25, 0.25f, 0.75f), (2.25, samples / 16000.0, 1.5f, 1f)],
            rows[..2].Select(row => (row.StartSeconds, row.EndSeconds, row.SnrScore, row.MixWeight)));
        Assert.Equal([true, false], rows[..2].Select(row => row.Emotion is not null));
        Assert.True(rows[2].StartSeconds >= (await pipeline.ChunkRowsAsync(id))[1].StartSample / 16000.0);
        Assert.Equal(
            (RecordingStatus.Completed, "nrser-enhancer-small@4.1.0, other@9"),
            ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).EnhancerModel));
    }

    [Fact]
    public async Task DecideManifestAsync_ManyAtOnce_AllGetTheSame()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        var chunk = new ChunkId(RecordingId.Parse("20260309-0123456789abcdef"), 0, 0);
        SegmentManifestV1[] decided = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer =>
            Task.Run(() => pipeline.Chunks.DecideManifestAsync(chunk, new SegmentManifestV1($"{writer}", "", []), Stop), Stop)));
        Assert.Single(decided.Select(manifest => manifest.Enhancer).Distinct(StringComparer.Ordinal));
    }

    // It died between manifest and mix.
    [Fact]
    public async Task RunAsync_ManifestWithoutMix_MakesTheSameMix()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        WorkMessage message = Assert.Single(await pipeline.TakeAsync(StorageNames.ChunksQueue));
        await pipeline.Enhance.RunAsync(message, Stop);
        string[] before = await pipeline.SnapshotAsync();
        await pipeline.Account.Blobs.Container(StorageNames.Enhanced).DeleteBlobAsync($"{id}/00-00000.wav", cancellationToken: Stop);
        await pipeline.Enhance.RunAsync(message, Stop);
        Assert.Equal(before, await pipeline.SnapshotAsync());
    }

    // The chosen enhancer is the program's own under another name, so that the screen has something to leave to it.
    [Fact]
    public async Task RunAsync_Cascade_SaysWhoSpokeAndMakesTheSameMixAgain()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("nrser-cascade-tests-");
        using ModelSet models = Cascade(folder);
        await using PipelineUnderTest plain = await PipelineUnderTest.CreateAsync(emulator);
        await using PipelineUnderTest pipeline = plain.WithModels(models);
        byte[] sample = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "samples", "noisy.wav"), Stop);
        RecordingId id = await pipeline.IngestAsync(sample);
        WorkMessage message = Assert.Single(await pipeline.TakeAsync(StorageNames.ChunksQueue));
        await pipeline.Enhance.RunAsync(message, Stop);
        string[] before = await pipeline.SnapshotAsync();
        await pipeline.Account.Blobs.Container(StorageNames.Enhanced).DeleteBlobAsync($"{id}/00-00000.wav", cancellationToken: Stop);
        await pipeline.Enhance.RunAsync(message, Stop);
        Assert.Equal(before, await pipeline.SnapshotAsync());

        Segment[] rows = await pipeline.SegmentsAsync(id);
        IReadOnlyList<RecognizedSegment> analyzed =
            pipeline.Get<NoiseRobustEmotionRecognizer>().Recognize(await Recordings.SamplesAsync(sample), wholeAsOne: false, Stop);
        string screen = plain.Get<ModelSet>().EnhancerEntry.Id;
        Assert.Equal(analyzed.Select(each => (each.Segment.Score.Value, each.Segment.IsScreened ? screen : "renamed-enhancer@1")),
            rows.Select(row => (row.SnrScore, row.EnhancerModel!)));
        Assert.Contains(rows, row => row.EnhancerModel == "renamed-enhancer@1");
        Assert.All(rows, row => Assert.True(row.EnhancerModel != screen || row.MixWeight == 1 || !row.IsSpeech));
        folder.Delete(recursive: true);
    }

    private static ModelSet Cascade(DirectoryInfo folder)
    {
        string own = new ModelOptions().CatalogPath;
        JsonNode catalog = JsonNode.Parse(File.ReadAllText(own))!;
        JsonArray renamed = [];
        foreach (JsonObject entry in catalog["models"]!.AsArray().Take(2).Select(model => model!.DeepClone().AsObject()))
        {
            (entry["name"], entry["version"]) = ($"renamed-{entry["kind"]}", "1");
            entry["file"] = Path.Combine(Path.GetDirectoryName(own)!, (string)entry["file"]!);
            if (entry["snrLevel"] is { } block)
                block["enhancer"] = "renamed-enhancer@1";
            renamed.Add(entry);
        }

        var installed = new JsonObject
        {
            ["schema"] = 1, ["models"] = renamed,
            ["defaults"] = new JsonObject { ["enhancer"] = "renamed-enhancer", ["snrLevel"] = "renamed-snrLevel" },
        };
        File.WriteAllText(Path.Combine(folder.FullName, "catalog.json"), installed.ToJsonString());
        return new ModelSet(
            Options.Create(new ModelOptions { InstalledPath = folder.FullName, Cascade = true }), NullLogger<ModelSet>.Instance);
    }

    [Fact]
    public async Task RunAsync_NoSuchChunk_Throws()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        var unknown = new ChunkId(RecordingId.Parse("20260309-0123456789abcdef"), 0, 0);
        await Assert.ThrowsAsync<InvalidMessageException>(() => pipeline.Enhance.RunAsync(WorkMessage.Enhance(unknown, 0), Stop));
        await Assert.ThrowsAsync<InvalidMessageException>(() => pipeline.Recognize.RunAsync(WorkMessage.Recognize(unknown, 0), Stop));
        Assert.Empty(await pipeline.SnapshotAsync());
    }
}
