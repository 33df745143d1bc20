using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>What ffmpeg is to decode, and to what.</summary>
/// <param name="Format">What the recording was found to be.</param>
/// <param name="FilePath">The recording, or null when it comes through the standard input.</param>
/// <param name="Track">Which of its tracks with sound, from 0; null to leave that to ffmpeg.</param>
/// <param name="Output">Rate and channels of the output; null for the recording's own.</param>
internal sealed record FfmpegInput(FfmpegFormat Format, string? FilePath, int? Track, AudioFormat? Output)
{
    /// <summary>Whether somebody asked for the track; else a file that has several says which is heard.</summary>
    public bool IsTrackWanted { get; init; }
}
