using System.Globalization;
using System.Text;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Core.Tests.Audio.Wav;

namespace NrSer.Core.Tests.Audio;

public sealed class AudioDecoderTests
{
    // ffmpeg is nowhere: whatever would reach it ends in another exception.
    private static readonly AudioOptions WithoutFfmpeg = new() { FfmpegPath = "/nowhere/ffmpeg" };

    [Theory]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n", "a playlist")]
    [InlineData("ffconcat version 1.0\nfile /etc/passwd\n", "a playlist")]
    [InlineData("[playlist]\nFile1=http://localhost/\n", "a playlist")]
    [InlineData("<!DOCTYPE html><title>Sign in</title>", "a web page")]
    [InlineData("  <?xml version='1.0'?><SmoothStreamingMedia/>", "a web page or XML")]
    [InlineData("Dear diary, äöü", "text")]
    [InlineData("PK\u0003\u0004....", "an archive")]
    [InlineData("%PDF-1.7", "a PDF")]
    [InlineData("GIF89a", "a picture")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "zero bytes")]
    [InlineData("\u0001\u0002\u0003nothing", "no recording we know")]
    [InlineData("", "empty")]
    public async Task OpenAsync_NoRecording_SaysWhatItIs(string content, string reason)
    {
        InvalidAudioException exception =
            await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(Encoding.UTF8.GetBytes(content), WithoutFfmpeg));
        Assert.Contains(reason, exception.Reason, StringComparison.Ordinal);
        Assert.Equal(0, exception.ByteOffset);
    }

    [Theory]
    [InlineData("fLaC")]
    [InlineData("OggS")]
    [InlineData("ID3\u0004\0\0\0\0\0\0")]
    [InlineData("\u001aEß£")]
    [InlineData("ÿû\u0090D")]
    [InlineData("ÿñP@")]
    [InlineData("\0\0\0 ftypM4A ")]
    [InlineData("0&²u\u008efÏ\u0011¦Ù")]
    [InlineData("#!AMR\n")]
    [InlineData("FORM....AIFF")]
    [InlineData("RIFF....WAVEfmt \u0010\0\0\0\u0002\0")]
    [InlineData("RIFF....WAVEfmt \u0012\0\0\0\u008f\u0002")]
    public async Task OpenAsync_SoundThatIsNotOurs_GoesToFfmpeg(string content) =>
        await Assert.ThrowsAsync<FfmpegMissingException>(() => Reading.DecodeAsync(Encoding.Latin1.GetBytes(content), WithoutFfmpeg));

    [Theory]
    [InlineData(100)]
    [InlineData(200_000)]
    public async Task OpenAsync_TagsAndZerosOfAnyLengthBeforeAWave_AreSkipped(int bytes)
    {
        byte[] tag = [.. "ID3\u0004\0\0"u8, 0, (byte)(bytes >> 14), (byte)((bytes >> 7) & 0x7F), (byte)(bytes & 0x7F), .. new byte[bytes]];
        byte[] file = [.. tag, .. tag, .. new byte[bytes], .. "ICY 200 OK\r\nicy-name:radio\r\n\r\n"u8, .. WavBytes.Speech(16384)];
        Assert.Equal(0.5f, Assert.Single((await Reading.DecodeAsync(file, WithoutFfmpeg)).Samples));
    }

    [Fact]
    public async Task OpenAsync_CutOffWithinATag_SaysSo()
    {
        byte[] file = [.. "ID3\u0004\0\0\0\0\u0001\0"u8, .. new byte[100]];
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(file, WithoutFfmpeg));
        Assert.Contains("within the ID3 tag", exception.Reason, StringComparison.Ordinal);
        Assert.Equal(file.Length, exception.ByteOffset);
    }

    [Theory]
    [InlineData("PK\u0003\u0004", "an archive")]
    [InlineData("%PDF-1.7\u0000", "a PDF")]
    public async Task OpenAsync_FramesWithinSomethingElse_AreNotItsSound(string start, string reason)
    {
        byte[] frame = [0xFF, 0xFB, 0x90, 0x44, .. new byte[413]]; // 128 kbit/s at 44.1 kHz: 417 bytes
        byte[] file = [.. Encoding.Latin1.GetBytes(start), .. Enumerable.Repeat(frame, 8).SelectMany(bytes => bytes)];
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(file, WithoutFfmpeg));
        Assert.Contains(reason, exception.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_ShortenedSphere_SaysHowToUnpackIt()
    {
        byte[] file = [.. "NIST_1A\n   1024\nsample_coding -s26 pcm,embedded-shorten-v2.00\nend_head\n"u8, .. new byte[1024]];
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(file, WithoutFfmpeg));
        Assert.Contains("sph2pipe", exception.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".snd")]
    [InlineData("caff")]
    [InlineData("riff.\u0091Ï\u0011¥Ö")]
    [InlineData("NIST_1A\n   1024\n")]
    [InlineData("FLV\u0001")]
    [InlineData("RIFF....AVI ")]
    [InlineData("wvpk")]
    [InlineData("MAC ")]
    [InlineData("TTA1")]
    [InlineData("MPCK")]
    [InlineData("MP+\u0007")]
    [InlineData("Creative Voice File\u001a")]
    [InlineData("DSD ")]
    [InlineData("\u000bw....")]
    [InlineData("\u007fþ\u0080\u0001")]
    [InlineData("\0\0\0\bskip")]
    public async Task OpenAsync_RarerContainers_GoToFfmpeg(string content) =>
        await Assert.ThrowsAsync<FfmpegMissingException>(() => Reading.DecodeAsync(Encoding.Latin1.GetBytes(content), WithoutFfmpeg));

    [Fact]
    public async Task Formats_OfTheReadme_AreThoseOfTheCode()
    {
        string[] readme = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Stated", "README.md"), Reading.Token);
        IEnumerable<string> rows = AudioDecoder.Formats
            .Select(format => $"| {format.Name} | {format.Extensions} | {format.Since} | {format.ReadBy} |");
        Assert.Equal(rows, readme.SkipWhile(line => line != "| format | files | since | read by |").Skip(2).TakeWhile(line => line.StartsWith('|')));
        Assert.Subset(AudioDecoder.FileExtensions.ToHashSet(), FfmpegFormat.All.SelectMany(format => format.Extensions.Split(' ')).ToHashSet());

        // What was not in the last release comes with the next: "Unreleased" has no number yet.
        string[] changes = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Stated", "CHANGELOG.md"), Reading.Token);
        string[] released = [.. changes.Where(line => line.StartsWith("## [0.", StringComparison.Ordinal)).Select(line => line[4..7])];
        string next = $"0.{int.Parse(released[0][2..], CultureInfo.InvariantCulture) + 1}";
        Assert.Subset(released.Append(next).ToHashSet(), AudioDecoder.Formats.Select(format => format.Since).ToHashSet());
    }

    [Fact]
    public async Task OpenAsync_Wave_NeedsNoFfmpeg() =>
        Assert.Equal(0.5f, Assert.Single((await Reading.DecodeAsync(WavBytes.Speech(16384), WithoutFfmpeg)).Samples));
}
