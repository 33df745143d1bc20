using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NrSer.Core.Audio.Resampling;

namespace NrSer.Core.Audio.Input;

/// <summary>What a recording may be and what reading it may cost. Recordings come from strangers, so everything has a limit.</summary>
public sealed class AudioOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "NrSer:Audio";

    /// <summary>The longest recording read, 1 s to 7 days. A longer one is refused there, or at once if its header says so.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Most channels a recording may have.</summary>
    [Range(1, 1024)]
    public int MaxChannels { get; init; } = 64;

    /// <summary>Lowest sample rate read, in Hz.</summary>
    [Range(Resampler.MinRateHz, Resampler.MaxRateHz)]
    public int MinSampleRateHz { get; init; } = Resampler.MinRateHz;

    /// <summary>Highest sample rate read, in Hz.</summary>
    [Range(Resampler.MinRateHz, Resampler.MaxRateHz)]
    public int MaxSampleRateHz { get; init; } = Resampler.MaxRateHz;

    /// <summary>What becomes of a recording whose end is missing.</summary>
    public CutOffTreatment CutOff { get; init; }

    /// <summary>
    /// Most bytes that one recording may take in the temporary folder, 1 MiB to 1 TiB: MP4, CAF, WavPack, Monkey's Audio and Musepack need a
    /// file, since their index or tag may be last.
    /// </summary>
    [Range(1L << 20, 1L << 40)]
    public long MaxSpooledBytes { get; init; } = 8L << 30;

    /// <summary>The ffmpeg program: a path, or a name to be found on PATH.</summary>
    [Required]
    public string FfmpegPath { get; init; } = "ffmpeg";

    /// <summary>Whether ffmpeg runs in a sandbox of its own, by bubblewrap (Linux): no network, nothing to write to.</summary>
    public SandboxUse FfmpegSandbox { get; init; }

    /// <summary>Address space ffmpeg may use, 256 MiB to 64 GiB; enforced where <c>prlimit</c> exists (Linux).</summary>
    [Range(256L << 20, 64L << 30)]
    public long FfmpegMaxMemoryBytes { get; init; } = 1L << 30;

    /// <summary>Processor time ffmpeg may use on one recording, 1 s to 24 h. Decoding 24 h of speech takes some minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FfmpegMaxCpuTime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Longest time ffmpeg may neither take input nor give output, 1 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan FfmpegStallLimit { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>What becomes of a recording whose end is missing.</summary>
public enum CutOffTreatment
{
    /// <summary>Lossy formats are taken as far as they reach, with a warning; WAV, FLAC and their like are refused.</summary>
    TakeLossy,

    /// <summary>All are taken as far as they reach.</summary>
    Take,

    /// <summary>All are refused.</summary>
    Refuse,
}

/// <summary>Whether a program that reads what strangers made runs in a sandbox.</summary>
public enum SandboxUse
{
    /// <summary>Where bubblewrap is installed and the host allows it; the log says which.</summary>
    WherePossible,

    /// <summary>Only there: elsewhere nothing is decoded.</summary>
    Require,

    /// <summary>Nowhere.</summary>
    Off,
}

/// <summary>Checks <see cref="AudioOptions"/> against its ranges; generated from the attributes.</summary>
[OptionsValidator]
public sealed partial class AudioOptionsValidator : IValidateOptions<AudioOptions>;
