using System.Text;
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

    [Fact]
    public async Task OpenAsync_Wave_NeedsNoFfmpeg() =>
        Assert.Equal(0.5f, Assert.Single((await Reading.DecodeAsync(WavBytes.Speech(16384), WithoutFfmpeg)).Samples));
}
