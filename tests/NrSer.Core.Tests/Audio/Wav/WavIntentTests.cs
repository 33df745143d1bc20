using CsCheck;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Tests.Audio.Wav;

/// <summary>Headers that are wrong in a way that leaves no doubt of what their writer meant.</summary>
public sealed class WavIntentTests
{
    private static readonly byte[] Mono16 = WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16);
    private static readonly byte[] Half = WavBytes.Pcm16(16384);
    private static readonly float[] TwoHalves = [0.5f, 0.5f];

    [Theory]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0x7FFFFFDBu)]
    [InlineData(0x7FFFF000u)]
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFFDBu)]
    [InlineData(0xFFFFF000u)]
    public async Task ReadAsync_PlaceholderLength_ReadsToTheEnd(uint dataBytes) =>
        await AssertReadAsync(WavBytes.File("RIFF", dataBytes, Mono16, WavBytes.ChunkOfSize("data", dataBytes, [.. Half, .. Half])), TwoHalves);

    [Theory]
    [InlineData(48u)]
    [InlineData(40u)]
    public async Task ReadAsync_LengthOfTheFileInsteadOfTheData_ReadsToTheEnd(uint dataBytes) =>
        await AssertReadAsync(WavBytes.File("RIFF", 40, Mono16, WavBytes.ChunkOfSize("data", dataBytes, [.. Half, .. Half])), TwoHalves);

    [Fact]
    public async Task ReadAsync_EmptyDataInAFileOfTheRightLength_ReadsToTheEnd() =>
        await AssertReadAsync(WavBytes.File("RIFF", 40, Mono16, WavBytes.ChunkOfSize("data", 0, [.. Half, .. Half])), TwoHalves);

    [Fact]
    public async Task ReadAsync_SamplesBehindTheStatedEnd_AreTaken()
    {
        short[] samples = [.. Enumerable.Range(1, 3000).Select(sample => (short)sample)];
        byte[] stale = WavBytes.File("RIFF", 236, Mono16, WavBytes.ChunkOfSize("data", 200, WavBytes.Pcm16(samples)));
        await AssertReadAsync(stale, [.. samples.Select(sample => sample / 32768f)]);
        Assert.Contains("0.01 s", Assert.Single(await WarningsAsync(stale)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_TwoDataChunksWithTextBetween_AreOne() => await AssertReadAsync(
        WavBytes.Riff(Mono16, WavBytes.Chunk("data", Half), WavBytes.Chunk("LIST", 1, 2, 3), WavBytes.Chunk("data", Half)), TwoHalves);

    [Fact]
    public async Task ReadAsync_TwoFilesInOne_AreOne()
    {
        byte[] file = [.. WavBytes.Speech(16384), .. WavBytes.Speech(16384)];
        await AssertReadAsync(file, TwoHalves);
        Assert.Contains("Several", Assert.Single(await WarningsAsync(file)), StringComparison.Ordinal);
        Assert.Empty(await WarningsAsync(WavBytes.Speech(16384)));
    }

    [Fact]
    public async Task ReadAsync_TwoFilesOfDifferentFormats_AreRefused()
    {
        byte[] other = WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 1, 8_000, 16), WavBytes.Chunk("data", Half));
        InvalidAudioException refused =
            await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.ReadWavAsync([.. WavBytes.Speech(16384), .. other]));
        Assert.Contains("another format", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(46, refused.ByteOffset);
    }

    [Fact]
    public async Task ReadAsync_TagsAndPaddingBehindTheData_AreNoSound()
    {
        foreach (byte[] behind in (byte[][])[
            [.. "TAG"u8, .. new byte[125]], [.. "ID3\u0003\0\0\0\0\0\u0010"u8, .. new byte[16]],
            [.. "APETAGEX"u8, .. new byte[24], .. "title\0x"u8], new byte[4096],
            WavBytes.Chunk("abcd", 1, 2), WavBytes.ChunkOfSize("LIST", 1000, 1, 2, 3), [1, 2, 3]])
        {
            await AssertReadAsync([.. WavBytes.Speech(16384, 16384), .. behind], TwoHalves);
        }
    }

    [Fact]
    public async Task OpenAsync_OddChunkWithoutItsPadByte_FindsSamples() => await AssertReadAsync(
        WavBytes.Riff(Mono16, WavBytes.ChunkOfSize("LIST", 3, 1, 2, 3), WavBytes.Chunk("data", [.. Half, .. Half])), TwoHalves);

    [Theory]
    [InlineData(1u, null)]
    [InlineData(0u, 0)]
    [InlineData(32_000u, 4)]
    public async Task OpenAsync_OneWrongField_IsOverruledByTheOthers(uint bytesPerSecond, int? frameBytes) => await AssertReadAsync(
        WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 1, 16_000, 16, bytesPerSecond, frameBytes), WavBytes.Chunk("data", [.. Half, .. Half])),
        TwoHalves);

    [Theory]
    [InlineData(12, 2, new byte[] { 0x00, 0x40, 0x00, 0xC0 })]
    [InlineData(20, 3, new byte[] { 0x00, 0x00, 0x40, 0x00, 0x00, 0xC0 })]
    [InlineData(24, 4, new byte[] { 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0xC0 })]
    public async Task ReadAsync_BitsFewerThanTheirBytes_StandAtTheUpperEnd(int bits, int frameBytes, byte[] stored) => await AssertReadAsync(
        WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 1, 16_000, bits, null, frameBytes), WavBytes.Chunk("data", stored)), [0.5f, -0.5f]);

    [Fact]
    public Task ReadAsync_Rifx_ReadsWhatRiffReads() =>
        Gen.Select(Gen.Byte.Array[24], Gen.Int[2, 4].Select(bytes => 8 * bytes)).SampleAsync(async (stored, bits) =>
        {
            byte[] little = WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 1, 16_000, bits), WavBytes.Chunk("data", stored));
            Assert.Equal(await Reading.ReadWavAsync(little), await Reading.ReadWavAsync(WavBytes.Rifx(1, 16_000, bits, stored)));
        });

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    [InlineData(16_380)] // what is no silence begins with the last samples of a block
    [InlineData(200_000)]
    public async Task ReadAsync_FloatsTaggedAsIntegers_AreRecognised(int silentSamples)
    {
        float[] sound = [.. new float[silentSamples], .. Enumerable.Range(1, 1000).Select(n => 0.3f * MathF.Sin(n / 7f))];
        byte[] file = WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 1, 16_000, 32), WavBytes.Chunk("data", WavBytes.Float32(sound)));
        (AudioFormat format, float[] samples) = await Reading.DecodeAsync(file);
        Assert.Equal("wav float32", format.Encoding);
        Assert.Equal(sound, samples);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadAsync_CutOffWhereThatIsTaken_GivesWhatIsThereAndSaysHowMuchIsNot(bool canSeek)
    {
        byte[] file = WavBytes.Riff(Mono16, WavBytes.ChunkOfSize("data", 2 * 16_000, [.. Half, .. Half]));
        await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.ReadWavAsync(file, canSeek: canSeek));
        await using Stream content = canSeek ? new MemoryStream(file) : new ForwardStream(file);
        await using WavReader reader = await WavReader.OpenAsync(content, new() { CutOff = CutOffTreatment.Take }, Reading.Token);
        Assert.Equal(TwoHalves, await Reading.ReadAllAsync(reader));
        Assert.Equal(15_998 / 16_000.0, reader.MissingSeconds!.Value, 1e-9);
        Assert.Contains("cut off: 31996 of 32000 bytes", Assert.Single(reader.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_IntegersOfAnyLevel_AreNotTakenForFloats()
    {
        foreach (double level in (double[])[1, 0.9, 0.5, 0.1, 1e-3, 1e-6])
        {
            byte[] stored = [.. Enumerable.Range(1, 1000).SelectMany(n => WavBytes.UInt32((uint)(int)(level * int.MaxValue * Math.Sin(n / 7.0))))];
            byte[] file = WavBytes.Riff(WavBytes.Format(WavBytes.Pcm, 1, 16_000, 32), WavBytes.Chunk("data", stored));
            Assert.Equal("wav pcm32", (await Reading.DecodeAsync(file)).Format.Encoding);
        }
    }

    private static async Task<IReadOnlyList<string>> WarningsAsync(byte[] file)
    {
        await using WavReader reader = await WavReader.OpenAsync(new ForwardStream(file), new(), Reading.Token);
        await Reading.ReadAllAsync(reader);
        return reader.Warnings;
    }

    private static async Task AssertReadAsync(byte[] file, float[] expected)
    {
        Assert.Equal(expected, await Reading.ReadWavAsync(file));
        Assert.Equal(expected, await Reading.ReadWavAsync(file, canSeek: false));
    }
}
