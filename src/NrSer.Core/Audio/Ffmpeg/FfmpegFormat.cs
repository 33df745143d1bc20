namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>A container that ffmpeg decodes for us.</summary>
/// <param name="Demuxer">The only demuxer ffmpeg may use, as its <c>-f</c> names it.</param>
/// <param name="Name">For people.</param>
/// <param name="NeedsFile">The index may stand at the end, so ffmpeg has to seek.</param>
internal sealed record FfmpegFormat(string Demuxer, string Name, bool NeedsFile = false)
{
    public static readonly FfmpegFormat Wave = new("wav", "wav");
    public static readonly FfmpegFormat Flac = new("flac", "flac");
    public static readonly FfmpegFormat Mp3 = new("mp3", "mp3");
    public static readonly FfmpegFormat Aac = new("aac", "aac");
    public static readonly FfmpegFormat Ogg = new("ogg", "ogg");
    public static readonly FfmpegFormat Matroska = new("matroska", "webm");
    public static readonly FfmpegFormat Mp4 = new("mov", "mp4", NeedsFile: true);
    public static readonly FfmpegFormat Asf = new("asf", "wma");
    public static readonly FfmpegFormat Amr = new("amr", "amr");
    public static readonly FfmpegFormat Aiff = new("aiff", "aiff");
}
