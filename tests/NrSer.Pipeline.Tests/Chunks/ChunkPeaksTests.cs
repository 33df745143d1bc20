using System.Buffers.Binary;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Chunks;

public sealed class ChunkPeaksTests(StorageEmulator emulator)
{
    private static readonly ChunkId s_chunk = new(RecordingId.Parse("20260309-0123456789abcdef"), 0, 0);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // 0.01 s are 160 samples: two whole pairs, and one of what is left.
    [Fact]
    public void Of_Samples_HasTheLowestAndHighestOfEveryHundredth()
    {
        var samples = new float[400];
        (samples[0], samples[159], samples[160], samples[399]) = (0.5f, -1.5f, 0.25f, 1f);
        byte[] file = ChunkPeaks.Of(samples);
        Assert.Equal([2, 1, 16_000, 160, 3, 1], Enumerable.Range(0, 6).Select(field =>
            BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(4 * field))));
        Assert.Equal([-127, 64, 0, 32, 0, 127], file[24..].Select(pair => (int)(sbyte)pair));
    }

    [Fact]
    public async Task DeleteAudio_LeavesPeaksAndOffersTheChunkAgain()
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var blobs = new ChunkBlobs(account.Blobs);
        await blobs.WriteChunkAsync(s_chunk, new float[1600], Stop);
        await blobs.WriteEnhancedAsync(s_chunk, new float[1600], Stop);
        Assert.Equal([s_chunk.Key], await blobs.StoredAsync(s_chunk.Recording, AudioVersion.Original, Stop));

        await blobs.DeleteAudioAsync(s_chunk.Recording, Stop);

        Assert.Empty(await blobs.StoredAsync(s_chunk.Recording, AudioVersion.Original, Stop)); // ingest has to write it again
        Assert.Null(await blobs.OpenSamplesAsync(s_chunk, AudioVersion.Heard, 0, 10, Stop));
        Assert.NotNull(await blobs.FindPeaksAsync(s_chunk, AudioVersion.Original, Stop));
        await foreach (ListedBlob blob in blobs.ListAsync(s_chunk.Recording, Stop))
            await blob.DeleteAsync(Stop);
        Assert.Null(await blobs.FindPeaksAsync(s_chunk, AudioVersion.Original, Stop));
    }

    // The header that is skipped is the one that is written: a range of samples begins at its sample.
    [Fact]
    public async Task OpenSamples_FromTheMiddle_GivesThoseSamples()
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var blobs = new ChunkBlobs(account.Blobs);
        float[] samples = [.. Enumerable.Range(0, 1000).Select(at => at / 1000f)];
        await blobs.WriteChunkAsync(s_chunk, samples, Stop);
        await using Stream some = (await blobs.OpenSamplesAsync(s_chunk, AudioVersion.Original, 700, 20, Stop))!;
        byte[] bytes = new byte[80];
        await some.ReadExactlyAsync(bytes, Stop);
        Assert.Equal(samples[700..720], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        Assert.Equal(-1, some.ReadByte());
    }
}
