using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>ffmpeg could not be started: a fault of the installation, not of the recording.</summary>
/// <param name="ffmpegPath">What was looked for.</param>
/// <param name="innerException">What lies beneath, or null.</param>
public sealed class FfmpegMissingException(string ffmpegPath, Exception? innerException = null)
    : Exception(
        $"'{ffmpegPath}' cannot be started; it is needed for everything but WAV. Install it (apt-get install ffmpeg, brew install ffmpeg, "
        + $"winget install Gyan.FFmpeg) or set {AudioOptions.Section}:{nameof(AudioOptions.FfmpegPath)}.",
        innerException);
