using System.Buffers.Binary;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

/// <summary>Recordings with gaps, late starts, leaps of time, and several in one: how long they are, and how much of that is silence.</summary>
public sealed class TimeLineTests
{
    private const string Tone = "sine=440:duration=40:sample_rate=44100";

    /// <summary>Container and codec: a second of sound, nothing, and another second.</summary>
    [Theory]
    [InlineData("wma", "wmav2", 30)]
    [InlineData("flv", "libmp3lame", 30)]
    [InlineData("ts", "mp2", 30)]
    [InlineData("ogg", "libvorbis", 30)]
    public async Task Gap_OfAnyLength_IsSilence(string extension, string encoder, int gapSeconds)
    {
        byte[] file = await FfmpegEncoder.MakeAsync(
            extension, "-f", "lavfi", "-i", Tone, "-af", $"aselect='lt(t,1)+gt(t,{gapSeconds + 1})*lt(t,{gapSeconds + 2})'", "-c:a", encoder);
        await AssertLengthAsync(file, gapSeconds + 2, gapSeconds);
    }

    // AVI counts samples and knows no gaps; what it does state is when a stream starts.
    [Fact]
    public async Task LateStart_OfAnAvi_IsSilence()
    {
        byte[] file = [.. await FfmpegEncoder.MakeAsync("avi", "-f", "lavfi", "-i", "sine=440:duration=2:sample_rate=8000", "-c:a", "pcm_s16le")];
        Span<byte> header = file.AsSpan(file.AsSpan().IndexOf("strh"u8) + 8);
        int scale = BinaryPrimitives.ReadInt32LittleEndian(header[20..]), rate = BinaryPrimitives.ReadInt32LittleEndian(header[24..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[28..], 3 * rate / scale);
        await AssertLengthAsync(file, 5, 3);
    }

    [Theory]
    [InlineData("ts", "mp2", 0)]
    [InlineData("flv", "libmp3lame", 13)] // its header stands once
    [InlineData("opus", "libopus", 0)]
    public async Task TimeThatLeapsBack_BetweenPartsThatWereJoined_LosesNothing(string extension, string encoder, int headerBytes)
    {
        byte[] part = await FfmpegEncoder.MakeAsync(
            extension, "-f", "lavfi", "-i", "sine=440:duration=2:sample_rate=48000", "-ar", extension == "flv" ? "44100" : "48000", "-c:a", encoder);
        await AssertLengthAsync([.. part, .. part[headerBytes..]], 4, 0);
    }

    /// <summary>The first link decides what all become.</summary>
    [Fact]
    public async Task OggChain_OfDifferentRatesChannelsAndCodecs_IsReadToItsEnd()
    {
        byte[] first = await OggAsync("libvorbis", "-ar", "16000");
        byte[] chain =
        [
            .. first, .. await OggAsync("libvorbis", "-ar", "44100", "-ac", "2"), .. await OggAsync("libopus"),
            .. await OggAsync("flac", "-ar", "8000"),
        ];
        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync(chain);
        Assert.Equal(new AudioFormat(16_000, 1, "ogg"), ended.Format);
        Assert.Empty(ended.Warnings);
        Assert.Equal(4, samples.Length / 16_000.0, 0.02);
        for (int second = 0; second < 4; second++)
            Assert.Equal(0.088, Math.Sqrt(samples.Skip((second * 16_000) + 4_000).Take(8_000).Average(sample => sample * sample)), 0.02);

        await using ForwardStream content = new(chain);
        AudioOptions options = new() { MaxDuration = TimeSpan.FromSeconds(3) };
        Assert.Contains("longer than the limit", (await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(chain, options))).Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task OggChain_WithALinkThatCannotBeRead_SaysWhichAndWhereToCut()
    {
        byte[] first = await OggAsync("libvorbis", "-ar", "16000");
        byte[] second = [.. first];
        "nothing"u8.CopyTo(second.AsSpan(28)); // where its codec is named
        InvalidAudioException refused = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync([.. first, .. second]));
        Assert.Contains($"in link 2 of the Ogg chain. What comes before it: head -c {first.Length} FILE", refused.Reason, StringComparison.Ordinal);
    }

    /// <summary>Of Matroska that was written in one pass, the description may come last.</summary>
    [Fact]
    public async Task MatroskaWithLateTracks_IsRead()
    {
        byte[] file = await FfmpegEncoder.MakeAsync("mka", "-f", "lavfi", "-i", "sine=440:duration=2:sample_rate=8000", "-c:a", "pcm_s16le");
        int head = file.AsSpan().IndexOf(new byte[] { 0x18, 0x53, 0x80, 0x67 });
        byte[] info = Element(file, 0x15, 0x49, 0xA9, 0x66), tracks = Element(file, 0x16, 0x54, 0xAE, 0x6B);
        byte[] cluster = Element(file, 0x1F, 0x43, 0xB6, 0x75);
        const int IndexBytes = 22;
        int at = IndexBytes + info.Length + cluster.Length;
        byte[] index =
        [
            0x11, 0x4D, 0x9B, 0x74, 0x80 | (IndexBytes - 5), 0x4D, 0xBB, 0x80 | (IndexBytes - 8),
            0x53, 0xAB, 0x84, 0x16, 0x54, 0xAE, 0x6B, 0x53, 0xAC, 0x84, (byte)(at >> 24), (byte)(at >> 16), (byte)(at >> 8), (byte)at,
        ];
        byte[] body = [.. index, .. info, .. cluster, .. tracks];
        byte[] segment = [0x18, 0x53, 0x80, 0x67, 0x08, 0, 0, 0, 0]; // the length is of five bytes, the first of which is the mark
        BinaryPrimitives.WriteInt32BigEndian(segment.AsSpan(5), body.Length);
        await AssertLengthAsync([.. file[..head], .. segment, .. body], 2, 0);

        index.AsSpan(5).Clear();
        index[0] = 0xEC; // space that is left free, of a length of as many bytes
        index[1] = 0x80 | (IndexBytes - 2);
        byte[] blind = [.. file[..head], .. segment, .. index, .. body[IndexBytes..]];
        InvalidAudioException refused = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(blind));
        Assert.Contains("behind their sound", refused.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#!AMR\n", 0x3C, 31, 8_000)] // 12.2 kbit/s
    [InlineData("#!AMR-WB\n", 0x44, 60, 16_000)] // 23.85 kbit/s
    public async Task AmrWrittenByHand_HasAFiftiethOfASecondAFrame(string signature, byte frameType, int frameBytes, int rateHz)
    {
        byte[] frame = [frameType, .. new byte[frameBytes]];
        byte[] file = [.. System.Text.Encoding.ASCII.GetBytes(signature), .. Enumerable.Repeat(frame, 75).SelectMany(bytes => bytes)];
        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync(file);
        Assert.Equal(new AudioFormat(rateHz, 1, "amr"), ended.Format);
        Assert.Equal(75 * rateHz / 50, samples.Length);
    }

    private static Task<byte[]> OggAsync(string encoder, params string[] arguments) => FfmpegEncoder.MakeAsync(
        "ogg", ["-f", "lavfi", "-i", "sine=440:duration=1:sample_rate=48000", "-c:a", encoder, .. arguments]);

    private static byte[] Element(byte[] matroska, params byte[] id)
    {
        int at = matroska.AsSpan().LastIndexOf(id); // the first may be that of the index
        ReadOnlySpan<byte> size = matroska.AsSpan(at + id.Length);
        int sizeBytes = System.Numerics.BitOperations.LeadingZeroCount((uint)size[0]) - 23;
        int bytes = size[0] & (0xFF >> sizeBytes);
        for (int i = 1; i < sizeBytes; i++)
            bytes = (bytes << 8) | size[i];
        return matroska[at..(at + id.Length + sizeBytes + bytes)];
    }

    private static async Task AssertLengthAsync(byte[] file, double seconds, double silentSeconds)
    {
        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync(file);
        Assert.Empty(ended.Warnings);
        Assert.Equal(seconds, samples.Length / (double)ended.Format.SampleRateHz, 0.12); // whole frames, and what codecs fill up
        Assert.Equal(silentSeconds, samples.Count(sample => sample == 0) / (double)ended.Format.SampleRateHz, 0.12);
    }
}
