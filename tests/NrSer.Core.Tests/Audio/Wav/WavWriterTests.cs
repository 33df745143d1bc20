using System.IO.Compression;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Tests.Audio.Wav;

public sealed class WavWriterTests
{
    [Fact]
    public async Task WriteAsync_Float_KeepsBitsBeyondFullScale()
    {
        float[] samples = [0.1f, -3.5f, 0, 1];
        Assert.Equal(samples, await Reading.ReadWavAsync(await WriteAsync(WavSampleFormat.IeeeFloat, 2, samples)));
    }

    [Fact]
    public async Task WriteAsync_Pcm16_RoundsAndClips()
    {
        byte[] file = await WriteAsync(WavSampleFormat.Pcm16, 1, [0.5f, 0.6f / 32768, 2, -2]);
        Assert.Equal(WavBytes.Speech(16384, 1, short.MaxValue, short.MinValue), file);
    }

    [Fact]
    public async Task WriteAsync_Pcm24_RoundsClipsAndPads()
    {
        byte[] file = await WriteAsync(WavSampleFormat.Pcm24, 1, [-0.5f, 2, -2]);
        byte[] expected = WavBytes.Riff(
            WavBytes.Format(WavBytes.Pcm, 1, 16_000, 24), WavBytes.Chunk("data", 0x00, 0x00, 0xC0, 0xFF, 0xFF, 0x7F, 0x00, 0x00, 0x80));
        Assert.Equal(expected, file);
    }

    [Fact]
    public async Task CompleteAsync_LengthKnownBeforehand_WritesTheSameForwardOnly()
    {
        float[] samples = [.. Enumerable.Range(0, 10_000).Select(n => n / 20_000f)];
        using MemoryStream forward = new();
        WavWriter writer = new(ForwardOnly(), WavSampleFormat.IeeeFloat, 16_000, 1, samples.Length);
        await writer.WriteAsync(samples, Reading.Token); // a stream that cannot seek is accepted
        await writer.CompleteAsync(Reading.Token);

        writer = new(forward, WavSampleFormat.IeeeFloat, 16_000, 1, samples.Length);
        await writer.WriteAsync(samples.AsMemory(0, 3), Reading.Token);
        await writer.WriteAsync(samples.AsMemory(3), Reading.Token);
        await writer.CompleteAsync(Reading.Token);
        Assert.Equal(await WriteAsync(WavSampleFormat.IeeeFloat, 1, samples), forward.ToArray());
    }

    [Fact]
    public void Constructor_NeitherLengthNorSeeking_Throws() =>
        Assert.Throws<ArgumentException>(() => new WavWriter(
            ForwardOnly(), WavSampleFormat.Pcm16, 16_000, 1));

    [Fact]
    public async Task WriteAsync_OtherThanAnnounced_Throws()
    {
        WavWriter writer = new(new MemoryStream(), WavSampleFormat.Pcm16, 16_000, 1, frames: 2);
        await writer.WriteAsync(new float[1], Reading.Token);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.CompleteAsync(Reading.Token));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.WriteAsync(new float[2], Reading.Token));
    }

    [Fact]
    public async Task WriteAsync_PartOfAFrame_Throws()
    {
        WavWriter writer = new(new MemoryStream(), WavSampleFormat.Pcm16, 16_000, 2);
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.WriteAsync(new float[3], Reading.Token));
    }

    private static BrotliStream ForwardOnly() => new(Stream.Null, CompressionLevel.Fastest);

    private static async Task<byte[]> WriteAsync(WavSampleFormat format, int channels, float[] interleaved)
    {
        using MemoryStream file = new();
        WavWriter writer = new(file, format, 16_000, channels);
        await writer.WriteAsync(interleaved, Reading.Token);
        await writer.CompleteAsync(Reading.Token);
        return file.ToArray();
    }
}
