using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Segmentation;
using NrSer.Core.Tests.Audio;
using NrSer.Core.Tests.Audio.Wav;
using NrSer.Core.Tests.Signal;

namespace NrSer.Core.Tests.Segmentation;

public sealed class ChunkReaderTests
{
    private const int Second = SegmentGrid.SampleRateHz;

    private static readonly SegmentationOptions TenSeconds = new() { MaxChunk = TimeSpan.FromSeconds(10) };

    [Fact]
    public async Task ReadAsync_ChannelsCutElsewhere_GivesEachItsOwnSamplesInOrder()
    {
        // Both last 25 s, but pause at different places: after their first cuts they have room for different amounts of audio.
        float[][] channels = [StftTests.Noise(25 * Second, 1), StftTests.Noise(25 * Second, 2)];
        channels[0].AsSpan((7 * Second) + 4000 - 2000, 4000).Clear();
        channels[1].AsSpan((8 * Second) - 2000, 4000).Clear();
        (List<Taken> chunks, long read) = await ReadAsync(channels);

        Assert.Equal(25 * Second, read);
        for (int channel = 0; channel < channels.Length; channel++)
        {
            Taken[] own = [.. chunks.Where(chunk => chunk.Channel == channel)];
            Assert.Equal(channel == 0 ? (7 * Second) + 4000 : 8 * Second, own[0].Samples.Length);
            Assert.Equal(Enumerable.Range(0, own.Length), own.Select(chunk => chunk.Index));
            long at = 0;
            foreach (Taken chunk in own)
            {
                Assert.Equal(at, chunk.StartSample);
                at += chunk.Samples.Length;
            }

            Assert.True(channels[channel].AsSpan().SequenceEqual(own.SelectMany(chunk => chunk.Samples).ToArray()));
        }
    }

    [Fact]
    public async Task ReadAsync_HalfASecond_IsOneChunk()
    {
        float[] shortest = StftTests.Noise(SegmentGrid.ShortestSamples, 1);
        (List<Taken> chunks, long read) = await ReadAsync([shortest]);
        Assert.Equal(shortest, Assert.Single(chunks).Samples);
        Assert.Equal(shortest.Length, read);
    }

    [Fact]
    public async Task ReadAsync_LessThanHalfASecond_IsRefusedWithItsLengthAndGivesNoChunk()
    {
        var chunks = new List<Taken>();
        InvalidAudioException error = await Assert.ThrowsAsync<InvalidAudioException>(() => ReadAsync([StftTests.Noise(4000, 1)], chunks));
        Assert.Contains("lasts 0.25 s", error.Reason, StringComparison.Ordinal);
        Assert.Empty(chunks);
    }

    [Fact]
    public async Task ReadAsync_OneSampleTooFew_IsRefusedWithALengthBelowTheLimit()
    {
        byte[] file = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Audio", "Cases", "F51_0.4999s.wav"), Reading.Token);
        float[] samples = await Reading.ReadWavAsync(file);
        Assert.Equal(SegmentGrid.ShortestSamples - 1, samples.Length);
        InvalidAudioException error = await Assert.ThrowsAsync<InvalidAudioException>(() => ReadAsync([samples]));
        Assert.Contains("lasts 0.499 s; at least 0.5 s", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_ExactlyOneChunk_LeavesNoEmptyOneBehind()
    {
        // A full cutter must keep 2 s back, should the recording go on; its end is the next read's answer.
        (List<Taken> chunks, _) = await ReadAsync([new float[10 * Second]]);
        Assert.Equal([7 * Second, 3 * Second], chunks.Select(chunk => chunk.Samples.Length));
    }

    private static async Task<(List<Taken> Chunks, long SamplesRead)> ReadAsync(float[][] channels)
    {
        var chunks = new List<Taken>();
        return (chunks, await ReadAsync(channels, chunks));
    }

    /// <summary>A recording of some channels.</summary>
    internal static Task<SpeechReader> OpenAsync(params float[][] channels)
    {
        float[] interleaved = [.. Enumerable.Range(0, channels[0].Length).SelectMany(n => channels.Select(channel => channel[n]))];
        byte[] file = WavBytes.Riff(
            WavBytes.Format(WavBytes.IeeeFloat, channels.Length, Second, 32), WavBytes.Chunk("data", WavBytes.Float32(interleaved)));
        return SpeechReader.OpenAsync(
            new AudioDecoder(new AudioOptions()), new MemoryStream(file), RecordingHints.None, ChannelMode.Separate, Reading.Token);
    }

    private static async Task<long> ReadAsync(float[][] channels, List<Taken> chunks)
    {
        await using SpeechReader speech = await OpenAsync(channels);
        var reader = new ChunkReader(speech, TenSeconds);
        await foreach (AudioChunk chunk in reader.ReadAsync(Reading.Token))
            chunks.Add(new Taken(chunk.Channel, chunk.Index, chunk.StartSample, chunk.Samples.ToArray())); // valid until the next only
        return reader.SamplesRead;
    }

    private sealed record Taken(int Channel, int Index, long StartSample, float[] Samples);
}
