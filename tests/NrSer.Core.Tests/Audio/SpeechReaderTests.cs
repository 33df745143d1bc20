using System.Security.Cryptography;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Resampling;
using NrSer.Core.Tests.Audio.Wav;

namespace NrSer.Core.Tests.Audio;

public sealed class SpeechReaderTests
{
    [Fact]
    public async Task ReadAsync_Mix_GivesTheMeanOfTheChannels() =>
        Assert.Equal((float[])[0.5f, -0.25f], await ReadAsync(Wave(16_000, 2, 0.75f, 0.25f, 0, -0.5f), ChannelMode.Mix));

    [Fact]
    public async Task ReadAsync_Separate_GivesPlanarChannels()
    {
        await using SpeechReader speech = await OpenAsync(Wave(16_000, 3, 1, 2, 3, 4, 5, 6), ChannelMode.Separate);
        Assert.Equal(3, speech.Channels);
        float[] planar = new float[12];
        Assert.Equal(2, await speech.ReadAsync(planar, Reading.Token));
        Assert.Equal((float[])[1, 4, 0, 0, 2, 5, 0, 0, 3, 6, 0, 0], planar);
        Assert.Equal(0, await speech.ReadAsync(planar, Reading.Token));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(777)]
    [InlineData(20_000)]
    public async Task ReadAsync_OtherRate_EqualsResamplerWhateverTheRoom(int roomSamples)
    {
        float[] input = new float[11_025];
        Random random = new(5);
        for (int n = 0; n < input.Length; n++)
            input[n] = random.NextSingle() - 0.5f;
        Resampler resampler = new(11_025, SpeechReader.SampleRateHz);
        float[] expected = new float[resampler.MaxOutputSamples(input.Length)];
        int written = resampler.Process(input, expected);
        written += resampler.Flush(expected.AsSpan(written));

        Assert.Equal(16_000, written);
        Assert.Equal(expected[..written], await ReadAsync(Wave(11_025, 1, input), ChannelMode.Mix, roomSamples));
    }

    [Fact]
    public async Task OpenAsync_TooManySeparateChannels_IsRefused()
    {
        byte[] file = Wave(16_000, 9, new float[9]);
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => OpenAsync(file, ChannelMode.Separate));
        Assert.Contains("9 channels", exception.Reason, StringComparison.Ordinal);
        Assert.Single(await ReadAsync(file, ChannelMode.Mix));
    }

    [Fact]
    public async Task ReadAsync_MixOfInvertedChannels_SaysWhatIsHeard()
    {
        float[] interleaved = [.. Enumerable.Range(0, 16_000).SelectMany(n => (float[])[0.5f * MathF.Sin(n), -0.5f * MathF.Sin(n)])];
        await using SpeechReader speech = await OpenAsync(Wave(16_000, 2, interleaved), ChannelMode.Mix);
        float[] samples = new float[4096];
        Assert.Equal(4096, await speech.ReadAsync(samples, Reading.Token));
        Assert.Equal(0.5f * MathF.Sin(100), samples[100], 1e-6f);
        Assert.Equal("difference of 0, 1", speech.ChannelsHeard);
        Assert.Contains("inverted", Assert.Single(speech.Warnings), StringComparison.Ordinal);
        Assert.Equal(-6.02, speech.Levels.PeakDbfs!.Value, 0.01);

        await using SpeechReader separate = await OpenAsync(Wave(16_000, 2, interleaved), ChannelMode.Separate);
        Assert.Equal(4096, await separate.ReadAsync(new float[8192], Reading.Token));
        Assert.Null(separate.ChannelsHeard);
        Assert.Empty(separate.Warnings);
    }

    [Fact]
    public async Task OfAsync_AReaderThatIsRefused_IsDisposed()
    {
        var reader = new ManyChannels();
        await Assert.ThrowsAsync<InvalidAudioException>(() => SpeechReader.OfAsync(reader, ChannelMode.Separate));
        Assert.True(reader.IsDisposed);
    }

    [Fact]
    public async Task FinishAsync_ContentBehindTheAudio_IsHashedToo()
    {
        byte[] file = [.. Wave(16_000, 1, 0.5f, -0.5f), 1, 2, 3];
        await using var hashed = new HashedContent(new MemoryStream(file));
        await using SpeechReader speech =
            await SpeechReader.OpenAsync(new AudioDecoder(new AudioOptions()), hashed.Stream, RecordingHints.None, ChannelMode.Mix, Reading.Token);
        Assert.Equal(2, await speech.ReadAsync(new float[8], Reading.Token));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), await hashed.FinishAsync(Reading.Token));
    }

    [Fact]
    public async Task ReadAsync_RoomForNothing_Throws()
    {
        await using SpeechReader speech = await OpenAsync(Wave(16_000, 2, 1, 2), ChannelMode.Separate);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await speech.ReadAsync(new float[1], Reading.Token));
    }

    private static byte[] Wave(int rateHz, int channels, params float[] interleaved) =>
        WavBytes.Riff(WavBytes.Format(WavBytes.IeeeFloat, channels, rateHz, 32), WavBytes.Chunk("data", WavBytes.Float32(interleaved)));

    private static async Task<SpeechReader> OpenAsync(byte[] file, ChannelMode mode) =>
        await SpeechReader.OpenAsync(new AudioDecoder(new AudioOptions()), new MemoryStream(file), RecordingHints.None, mode, Reading.Token);

    private static async Task<float[]> ReadAsync(byte[] file, ChannelMode mode, int roomSamples = 4096)
    {
        await using SpeechReader speech = await OpenAsync(file, mode);
        List<float> samples = [];
        float[] room = new float[roomSamples];
        int count;
        while ((count = await speech.ReadAsync(room, Reading.Token)) > 0)
            samples.AddRange(room.AsSpan(0, count));
        return [.. samples];
    }

    private sealed class ManyChannels : IAudioReader
    {
        public bool IsDisposed { get; private set; }

        public AudioFormat Format { get; } = new(16_000, SpeechReader.MaxSeparateChannels + 1, "wav pcm16");

        public IReadOnlyList<string> Warnings => [];

        public double? MissingSeconds => null;

        public ValueTask<int> ReadAsync(Memory<float> interleaved, CancellationToken cancellationToken) => ValueTask.FromResult(0);

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
