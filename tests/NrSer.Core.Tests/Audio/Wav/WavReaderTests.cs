using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Tests.Audio.Wav;

public sealed class WavReaderTests
{
    public static TheoryData<int, int, byte[], float[]> Encodings => new()
    {
        { WavBytes.Pcm, 8, [0, 64, 128, 192, 255], [-1, -0.5f, 0, 0.5f, 127f / 128] },
        { WavBytes.Pcm, 16, [0x00, 0x80, 0x00, 0xC0, 0x00, 0x00, 0xFF, 0x7F], [-1, -0.5f, 0, 32767f / 32768] },
        { WavBytes.Pcm, 24, [0x00, 0x00, 0x80, 0x00, 0x00, 0xC0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            [-1, -0.5f, -1f / 8388608, 8388607f / 8388608] },
        { WavBytes.Pcm, 32, [0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x40, 0x00, 0x01, 0x00, 0x00], [-1, 0.5f, 256f / 2147483648] },
        { WavBytes.IeeeFloat, 32, [0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x20, 0xC0], [1, -2.5f] },
        { WavBytes.IeeeFloat, 64, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0x04, 0xC0], [1, -2.5f] },

        // G.711 tables: the largest, a middle and the smallest value of either sign, on a 16-bit scale.
        { WavBytes.ALaw, 8, [0xAA, 0x2A, 0xD5, 0x55, 0xC5, 0x85],
            [32256f / 32768, -32256f / 32768, 8f / 32768, -8f / 32768, 264f / 32768, 4224f / 32768] },
        { WavBytes.MuLaw, 8, [0x80, 0x00, 0xFF, 0x7F, 0xFE, 0xEF], [32124f / 32768, -32124f / 32768, 0, 0, 8f / 32768, 132f / 32768] },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task ReadAsync_EveryEncoding_GivesHandWorkedSamples(int tag, int bits, byte[] stored, float[] expected)
    {
        byte[] plain = WavBytes.Riff(WavBytes.Format(tag, 1, 16_000, bits), WavBytes.Chunk("data", stored));
        byte[] extensible = WavBytes.Riff(WavBytes.ExtensibleFormat(tag, 1, 16_000, bits, bits), WavBytes.Chunk("data", stored));
        Assert.Equal(expected, await Reading.ReadWavAsync(plain));
        Assert.Equal(expected, await Reading.ReadWavAsync(extensible, canSeek: false));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OpenAsync_ChunksAroundAndOddOnesPadded_FindsSamples(bool canSeek)
    {
        byte[] file = WavBytes.Riff(
            WavBytes.Chunk("junk", 1, 2, 3), WavBytes.Format(WavBytes.Pcm, 1, 16_000, 8), WavBytes.Chunk("LIST", new byte[70_001]),
            WavBytes.Chunk("data", 192, 128, 64), WavBytes.Chunk("LIST", 9, 9, 9));
        Assert.Equal((float[])[0.5f, 0, -0.5f], await Reading.ReadWavAsync(file, canSeek: canSeek));
    }

    [Fact]
    public async Task Format_OfOpenedFile_TellsHeader()
    {
        byte[] file = WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 2, 44_100, 24), WavBytes.Chunk("data", new byte[6]));
        await using WavReader reader = await WavReader.OpenAsync(new MemoryStream(file), new(), Reading.Token);
        Assert.Equal(new AudioFormat(44_100, 2, "wav pcm24"), reader.Format);
    }

    [Theory]
    [InlineData("RF64")]
    [InlineData("BW64")]
    public async Task OpenAsync_Rf64_TakesLengthFromDs64(string id)
    {
        byte[] samples = WavBytes.Pcm16(16384, -16384);
        byte[] file = WavBytes.File(
            id, uint.MaxValue, WavBytes.Ds64(0, 4), WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16),
            WavBytes.ChunkOfSize("data", uint.MaxValue, samples),
            WavBytes.Chunk("LIST", 1, 2, 3, 4));
        Assert.Equal((float[])[0.5f, -0.5f], await Reading.ReadWavAsync(file));
    }

    [Theory]
    [InlineData(0u, 0u)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    [InlineData(36u, 0u)]
    [InlineData(uint.MaxValue, 0u)]
    public async Task ReadAsync_SizesOfAStream_ReadsToTheEnd(uint riffBytes, uint dataBytes)
    {
        byte[] file = WavBytes.File(
            "RIFF", riffBytes, WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16), WavBytes.ChunkOfSize("data", dataBytes, WavBytes.Pcm16(16384, -16384)));
        Assert.Equal((float[])[0.5f, -0.5f], await Reading.ReadWavAsync(file, canSeek: false));
        Assert.Equal((float[])[0.5f, -0.5f], await Reading.ReadWavAsync(file));
    }

    [Fact]
    public async Task ReadAsync_RoomNotAMultipleOfFrames_LeavesTheRestUntouched()
    {
        byte[] file = WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 2, 16_000, 16), WavBytes.Chunk("data", WavBytes.Pcm16(1, 2, 3, 4, 5, 6)));
        await using WavReader reader = await WavReader.OpenAsync(new MemoryStream(file), new(), Reading.Token);
        float[] room = [9, 9, 9, 9, 9];
        Assert.Equal(4, await reader.ReadAsync(room, Reading.Token));
        Assert.Equal(9, room[4]);
        Assert.Equal(2, await reader.ReadAsync(room, Reading.Token));
        Assert.Equal(0, await reader.ReadAsync(room, Reading.Token));
    }

    [Theory]
    [InlineData(0x0002, 1, 16_000, 4, null, null, "encoding 0x0002")]
    [InlineData(WavBytes.Pcm, 0, 16_000, 16, null, null, "0 channels")]
    [InlineData(WavBytes.Pcm, 10_000, 16_000, 16, null, null, "10000 channels")]
    [InlineData(WavBytes.Pcm, 1, 0, 16, null, null, "0 Hz")]
    [InlineData(WavBytes.Pcm, 1, 800_000, 16, null, null, "800000 Hz")]
    [InlineData(WavBytes.Pcm, 1, 16_000, 40, null, null, "40 bits")]
    [InlineData(WavBytes.Pcm, 1, 16_000, 0, null, null, "0 bits")]
    [InlineData(WavBytes.IeeeFloat, 1, 16_000, 16, null, null, "16 bits")]
    [InlineData(WavBytes.Pcm, 2, 16_000, 16, null, 2, "take 4 bytes, not 2")]
    public async Task OpenAsync_LyingFormat_NamesTheLie(
        int tag, int channels, int sampleRateHz, int bits, uint? bytesPerSecond, int? frameBytes, string reason)
    {
        byte[] file = WavBytes.Riff(
            WavBytes.Format(tag, channels, sampleRateHz, bits, bytesPerSecond, frameBytes), WavBytes.Chunk("data", new byte[64]));
        await AssertRefusedAsync(file, reason);
    }

    [Fact]
    public async Task OpenAsync_TwoFormats_IsRefused() => await AssertRefusedAsync(
        WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16), WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16), WavBytes.Chunk("data", 1, 2)),
        "two format chunks");

    [Fact]
    public async Task OpenAsync_SamplesBeforeFormat_IsRefused() => await AssertRefusedAsync(
        WavBytes.Riff(WavBytes.Chunk("data", 1, 2), WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16)), "no format chunk before");

    [Fact]
    public async Task OpenAsync_NoFormatAndNoData_IsRefused() =>
        await AssertRefusedAsync(WavBytes.Riff(WavBytes.Chunk("LIST", 1, 2)), "no format and no data chunk");

    [Fact]
    public async Task OpenAsync_NoData_IsRefused() =>
        await AssertRefusedAsync(WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16)), "no data chunk");

    [Fact]
    public async Task OpenAsync_ShortFormat_IsRefused() =>
        await AssertRefusedAsync(WavBytes.Riff(WavBytes.Chunk("fmt ", new byte[14]), WavBytes.Chunk("data", 1, 2)), "shortest has 16");

    [Fact]
    public async Task OpenAsync_MoreValidBitsThanBits_IsRefused() => await AssertRefusedAsync(
        WavBytes.Riff(WavBytes.ExtensibleFormat(WavBytes.Pcm, 1, 16_000, 16, 24), WavBytes.Chunk("data", 1, 2)), "24 valid bits");

    [Fact]
    public async Task OpenAsync_NoSamples_IsRefused()
    {
        const string Reason = "contains no audio";
        await AssertRefusedAsync(WavBytes.Speech(), Reason);
        await AssertRefusedAsync(
            WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16), WavBytes.Chunk("data"), WavBytes.Chunk("LIST", 1, 2, 3, 4)), Reason);
        await AssertRefusedAsync(
            WavBytes.File("RIFF", uint.MaxValue, WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16), WavBytes.ChunkOfSize("data", uint.MaxValue)), Reason);
    }

    [Fact]
    public async Task OpenAsync_DataLongerThanSeekableFile_IsRefusedAtOnce()
    {
        byte[] file = WavBytes.Speech(1, 2, 3)[..^3];
        InvalidAudioException exception =
            await Assert.ThrowsAsync<InvalidAudioException>(() => WavReader.OpenAsync(new MemoryStream(file), new(), Reading.Token));
        Assert.Contains("3 of 6 bytes are missing", exception.Reason, StringComparison.Ordinal);
        Assert.Equal(file.Length, exception.ByteOffset);
    }

    [Fact]
    public async Task ReadAsync_StreamCutOff_HandsOutWholeFramesThenNamesMissing()
    {
        byte[] file = WavBytes.Speech(16384, 1, 2, 3)[..^5];
        await using WavReader reader = await WavReader.OpenAsync(new ForwardStream(file), new(), Reading.Token);
        List<float> samples = [];
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.ReadIntoAsync(reader, samples));
        Assert.Equal(0.5f, Assert.Single(samples));
        Assert.Contains("5 of 8 bytes are missing", exception.Reason, StringComparison.Ordinal);
        Assert.Equal(file.Length, exception.ByteOffset);
    }

    [Theory]
    [InlineData(3u)]
    [InlineData(uint.MaxValue)]
    public async Task ReadAsync_PartOfAFrameAtTheEnd_IsLeftOut(uint dataBytes)
    {
        byte[] file = WavBytes.File(
            "RIFF", uint.MaxValue, WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16), WavBytes.ChunkOfSize("data", dataBytes, 0, 0, 1));
        Assert.Single(await Reading.ReadWavAsync(file));
        Assert.Single(await Reading.ReadWavAsync(file, canSeek: false));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public async Task ReadAsync_NotANumber_NamesTheTime(float bad)
    {
        float[] stored = new float[1000];
        stored[501] = bad;
        byte[] file = WavBytes.Riff(WavBytes.Format(WavBytes.IeeeFloat, 2, 1000, 32), WavBytes.Chunk("data", WavBytes.Float32(stored)));
        await using WavReader reader = await WavReader.OpenAsync(new MemoryStream(file), new(), Reading.Token);
        List<float> samples = [];
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.ReadIntoAsync(reader, samples));
        Assert.Equal(500, samples.Count);
        Assert.Contains("at 0.25 s", exception.Reason, StringComparison.Ordinal);
        Assert.Equal(file.Length - 2000, exception.ByteOffset);
    }

    [Fact]
    public async Task ReadAsync_LongerThanTheLimit_IsRefused()
    {
        AudioOptions options = new() { MaxDuration = TimeSpan.FromSeconds(1) };
        short[] second = new short[16_000];
        Assert.Equal(16_000, (await Reading.ReadWavAsync(WavBytes.Speech(second), options)).Length);

        byte[] longer = WavBytes.Speech([.. second, 1]);
        await Assert.ThrowsAsync<InvalidAudioException>(() => WavReader.OpenAsync(new MemoryStream(longer), options, Reading.Token));

        byte[] endless = WavBytes.File("RIFF", 0, WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16), WavBytes.ChunkOfSize("data", 0, new byte[32_002]));
        await using WavReader reader = await WavReader.OpenAsync(new ForwardStream(endless), options, Reading.Token);
        List<float> samples = [];
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.ReadIntoAsync(reader, samples));
        Assert.Equal(16_000, samples.Count);
        Assert.Contains("longer than the limit", exception.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_CutAtEveryByte_GivesSoundPrefixOrRefusal()
    {
        byte[] file = WavBytes.Riff(
            WavBytes.Chunk("junk", 1, 2, 3), WavBytes.ExtensibleFormat(WavBytes.Pcm, 2, 16_000, 24, 24),
            WavBytes.Chunk("data", [.. Enumerable.Range(0, 60).Select(value => (byte)value)]));
        float[] whole = await Reading.ReadWavAsync(file);
        for (int length = 0; length < file.Length; length++)
        {
            foreach (bool canSeek in (bool[])[true, false])
            {
                List<float> samples = [];
                await Assert.ThrowsAsync<InvalidAudioException>(() => TryReadAsync(file[..length], canSeek, samples));
                Assert.Equal(whole[..samples.Count], samples);
            }
        }
    }

    private static async Task TryReadAsync(byte[] file, bool canSeek, List<float> samples)
    {
        await using Stream content = canSeek ? new MemoryStream(file) : new ForwardStream(file);
        await using WavReader reader = await WavReader.OpenAsync(content, new(), Reading.Token);
        await Reading.ReadIntoAsync(reader, samples);
    }

    private static async Task AssertRefusedAsync(byte[] file, string reason)
    {
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.ReadWavAsync(file));
        Assert.Contains(reason, exception.Reason, StringComparison.Ordinal);
        Assert.NotNull(exception.ByteOffset);
    }
}
