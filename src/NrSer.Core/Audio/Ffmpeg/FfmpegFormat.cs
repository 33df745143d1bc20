namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>A container that ffmpeg decodes for us.</summary>
/// <param name="Demuxer">The only demuxer ffmpeg may use, as its <c>-f</c> names it.</param>
/// <param name="Name">For people, and in results.</param>
/// <param name="Extensions">What such files are called, with their dots and spaces between.</param>
/// <param name="Since">The version of ours that read it first.</param>
/// <param name="NeedsFile">The index may stand at the end, so ffmpeg has to seek.</param>
/// <param name="Clock">What the container says about time.</param>
/// <param name="IsLossless">Whoever keeps such files wants every sample: what is cut off is refused, not shortened.</param>
internal sealed record FfmpegFormat(
    string Demuxer, string Name, string Extensions, string Since, bool NeedsFile = false, FfmpegClock Clock = FfmpegClock.SamplesOnly,
    bool IsLossless = false)
{
    public static readonly FfmpegFormat Wave = new("wav", "wav", ".wav", "0.1", IsLossless: true);
    public static readonly FfmpegFormat Flac = new("flac", "flac", ".flac", "0.1", IsLossless: true);
    public static readonly FfmpegFormat Mp3 = new("mp3", "mp3", ".mp3 .mp2", "0.1");
    public static readonly FfmpegFormat Aac = new("aac", "aac", ".aac", "0.1");
    public static readonly FfmpegFormat Ogg = new("ogg", "ogg", ".ogg .oga .opus .spx", "0.1", Clock: FfmpegClock.Gaps);
    public static readonly FfmpegFormat Matroska = new("matroska", "webm", ".webm .mka .mkv", "0.1", Clock: FfmpegClock.GapsFromZero);
    public static readonly FfmpegFormat Mp4 =
        new("mov", "mp4", ".m4a .m4b .mp4 .mov .3gp", "0.1", NeedsFile: true, Clock: FfmpegClock.GapsFromZero);
    public static readonly FfmpegFormat Asf = new("asf", "wma", ".wma", "0.1", Clock: FfmpegClock.Gaps);
    public static readonly FfmpegFormat Amr = new("amr", "amr", ".amr .awb", "0.1");
    public static readonly FfmpegFormat Aiff = new("aiff", "aiff", ".aif .aiff", "0.1", IsLossless: true);
    public static readonly FfmpegFormat Au = new("au", "au", ".au .snd", "0.2", IsLossless: true);
    public static readonly FfmpegFormat Caf = new("caf", "caf", ".caf", "0.2", NeedsFile: true, IsLossless: true);
    public static readonly FfmpegFormat Wave64 = new("w64", "w64", ".w64", "0.2", IsLossless: true);
    public static readonly FfmpegFormat Sphere = new("nistsphere", "sphere", ".sph", "0.2", IsLossless: true);
    public static readonly FfmpegFormat Gsm = new("gsm", "gsm", ".gsm", "0.2");
    public static readonly FfmpegFormat MpegTs = new("mpegts", "mpegts", ".ts .mts .m2ts", "0.2", Clock: FfmpegClock.Gaps);
    public static readonly FfmpegFormat Avi = new("avi", "avi", ".avi", "0.2", Clock: FfmpegClock.GapsFromZero);
    public static readonly FfmpegFormat Flv = new("flv", "flv", ".flv", "0.2", Clock: FfmpegClock.Gaps);
    public static readonly FfmpegFormat Ac3 = new("ac3", "ac3", ".ac3", "0.2");
    public static readonly FfmpegFormat Eac3 = new("eac3", "eac3", ".eac3 .ec3", "0.2");
    public static readonly FfmpegFormat Dts = new("dts", "dts", ".dts", "0.2");
    // A tag at its end is seen only in a file.
    public static readonly FfmpegFormat WavPack = new("wv", "wavpack", ".wv", "0.2", NeedsFile: true, IsLossless: true);
    public static readonly FfmpegFormat MonkeysAudio = new("ape", "ape", ".ape", "0.2", NeedsFile: true, IsLossless: true);
    public static readonly FfmpegFormat TrueAudio = new("tta", "tta", ".tta", "0.2", IsLossless: true);
    public static readonly FfmpegFormat Musepack7 = new("mpc", "musepack", ".mpc", "0.2", NeedsFile: true);
    public static readonly FfmpegFormat Musepack8 = new("mpc8", "musepack", ".mpc", "0.2", NeedsFile: true);
    public static readonly FfmpegFormat Voc = new("voc", "voc", ".voc", "0.2", IsLossless: true);
    public static readonly FfmpegFormat G722 = new("g722", "g722", ".g722 .722", "0.2");
    public static readonly FfmpegFormat Dsf = new("dsf", "dsf", ".dsf", "0.2", IsLossless: true);

    /// <summary>Those whose content has no mark, so that only the name can say what it is.</summary>
    public static IReadOnlyList<FfmpegFormat> Unmarked { get; } = [Gsm, G722];

    /// <summary>All of them, the most common first.</summary>
    public static IReadOnlyList<FfmpegFormat> All { get; } =
    [
        Wave, Flac, Mp3, Aac, Ogg, Matroska, Mp4, Asf, Amr, Aiff, Au, Caf, Wave64, Sphere, Gsm, MpegTs, Avi, Flv, Ac3, Eac3, Dts, WavPack,
        MonkeysAudio, TrueAudio, Musepack7, Musepack8, Voc, Dsf, G722,
    ];
}

/// <summary>What a container says about time.</summary>
internal enum FfmpegClock
{
    /// <summary>One sample follows the other.</summary>
    SamplesOnly,

    /// <summary>Time stamps show where sound is missing.</summary>
    Gaps,

    /// <summary>Time stamps also show that the sound begins later than the recording.</summary>
    GapsFromZero,
}
