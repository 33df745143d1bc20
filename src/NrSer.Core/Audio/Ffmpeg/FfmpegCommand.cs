using System.Diagnostics;
using System.Globalization;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>How ffmpeg is started: with one demuxer, one protocol, no environment and limits on time and memory.</summary>
internal static class FfmpegCommand
{
    // util-linux; sets the limits and then becomes ffmpeg, keeping the process id.
    private const string LimitsPath = "/usr/bin/prlimit";

    // Sound goes where its time stamps say: from 0.1 s on, what is missing becomes silence. A gap of more than ten minutes is not believed, nor what
    // exceeds two hours in all: one forged number would be a day of silence, and streams that were joined late count from long before; nor a start
    // within 30 ms, which is a rounded encoder delay, nor a leap back: parts that were joined count from their own start. Variables:
    // 0 time not believed, 1 end of the frame before, 2 silence so far, 3 this gap, 4 whether it is not believed; all in units of the time base.
    private const string KeepTime =
        "asetpts='"
        + "st(3, PTS - ld(1)); st(1, PTS + NB_SAMPLES / SR / TB);"
        + "st(4, gt(ld(3), 0) * (gt(ld(3), 600 / TB) + gt(ld(2) + ld(3), 7200 / TB) + not(N) * lt(ld(3), 0.03 / TB))"
        + " + gt(N, 0) * lt(ld(3), -0.1 / TB));"
        + "st(0, ld(0) + if(ld(4), ld(3), 0)); st(2, ld(2) + if(gt(ld(3), 0) * not(ld(4)), ld(3), 0));"
        + "PTS - ld(0)',aresample=async=1:first_pts=0";

    /// <summary>
    /// Describes a process that writes the audio stream marked as default, else the first with the most channels, as a float32 WAVE stream to its
    /// standard output.
    /// </summary>
    /// <param name="ffmpegPath">Full path: there will be no PATH to search.</param>
    /// <param name="input">What to decode.</param>
    /// <param name="sandbox">What to start it in, or null.</param>
    /// <param name="options">Limits.</param>
    public static ProcessStartInfo Create(string ffmpegPath, FfmpegInput input, Sandbox? sandbox, AudioOptions options)
    {
        FfmpegFormat format = input.Format;
        string? filePath = input.FilePath;
        List<string> command = [];
        if (OperatingSystem.IsLinux() && File.Exists(LimitsPath))
            command.AddRange([LimitsPath, $"--as={options.FfmpegMaxMemoryBytes}", "--core=0"]);
        if (sandbox is not null)
            command.AddRange(sandbox.Around(ref filePath));
        command.AddRange([ffmpegPath, "-nostdin", "-hide_banner", "-nostats", "-v", "level+info", "-filter_threads", "1"]);
        command.AddRange(["-timelimit", $"{Math.Ceiling(options.FfmpegMaxCpuTime.TotalSeconds):0}"]);
        command.AddRange(["-max_alloc", $"{options.FfmpegMaxMemoryBytes / 4}"]); // one block; a quarter leaves room for its neighbours
        if (format == FfmpegFormat.Flac)
            command.AddRange(["-err_detect", "crccheck"]);
        if (format.Clock == FfmpegClock.GapsFromZero)
            command.Add("-copyts");
        else if (format.Clock == FfmpegClock.Gaps)
            command.AddRange(["-dts_delta_threshold", "100000"]); // seconds: ffmpeg closes longer gaps by itself, and the filter below judges them
        command.AddRange(["-f", format.Demuxer, "-format_whitelist", format.Demuxer]);
        command.AddRange(["-protocol_whitelist", filePath is null ? "pipe" : "file"]);
        command.AddRange(["-threads", "1", "-vn", "-sn", "-dn"]);
        command.AddRange(["-i", filePath is null ? "pipe:0" : $"file:{filePath}"]);
        if (input.Track is { } track)
            command.AddRange(["-map", string.Create(CultureInfo.InvariantCulture, $"0:a:{track}")]);
        if (format.Clock != FfmpegClock.SamplesOnly)
            command.AddRange(["-af", KeepTime]);
        if (input.Output is { } output)
            command.AddRange(["-ar", $"{output.SampleRateHz}", "-ac", $"{output.Channels}"]);
        command.AddRange(["-map_metadata", "-1", "-bitexact", "-c:a", "pcm_f32le", "-f", "wav", "pipe:1"]);
        ProcessStartInfo start = new(command[0], command[1..])
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        ClearEnvironment(start);
        return start;
    }

    private static void ClearEnvironment(ProcessStartInfo start)
    {
        start.Environment.TryGetValue("SystemRoot", out string? systemRoot);
        start.Environment.Clear();
        if (OperatingSystem.IsWindows())
            start.Environment["SystemRoot"] = systemRoot; // Windows loads no system library without it
    }
}
