using System.Text;
using NrSer.Core.Audio.Ffmpeg;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

public sealed class FfmpegLogTests
{
    [Theory]
    [InlineData("00:00:03.50", 3.5)]
    [InlineData("23:59:59.99", 86_399.99)]
    [InlineData("30:28:34.29", 109_714.29)] // as a damaged head promises, or a recorder that ran over night
    [InlineData("1193:02:47.29", 4_294_967.29)]
    [InlineData("N/A", null)]
    public async Task Duration_OfAnyLength_IsRead(string written, double? expected)
    {
        string said = $"[info] Input #0, caf, from 'pipe:0':\n[info]   Duration: {written}, start: 0.000000, bitrate: 128 kb/s\n"
            + "[info]   Stream #0:0: Audio: pcm_s16le\n[info]   Stream #0:0 -> #0:0 (pcm_s16le (native) -> pcm_f32le (native))\n";
        FfmpegLog log = await FfmpegLog.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(said)));
        Assert.Equal(expected, log.DurationSeconds);
        Assert.Equal(0, log.HeardTrack);
    }
}
