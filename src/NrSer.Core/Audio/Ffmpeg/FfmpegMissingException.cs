using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>ffmpeg cannot be started as it should be: a fault of the installation, not of the recording.</summary>
public sealed class FfmpegMissingException : Exception
{
    /// <param name="ffmpegPath">What was looked for.</param>
    /// <param name="innerException">What lies beneath, or null.</param>
    public FfmpegMissingException(string ffmpegPath, Exception? innerException = null)
        : base(
            $"'{ffmpegPath}' cannot be started; it is needed for everything but WAV. Install it (apt-get install ffmpeg, brew install ffmpeg, "
            + $"winget install Gyan.FFmpeg) or set {AudioOptions.Section}:{nameof(AudioOptions.FfmpegPath)}.",
            innerException)
    {
    }

    private FfmpegMissingException(string message)
        : base(message)
    {
    }

    /// <summary>There is no sandbox where one is required.</summary>
    /// <param name="obstacle">Why.</param>
    internal static FfmpegMissingException WithoutSandbox(string obstacle) => new(
        $"ffmpeg is not started without a sandbox, as {AudioOptions.Section}:{nameof(AudioOptions.FfmpegSandbox)} says, "
        + $"and there is none: {obstacle}. "
        + "Install bubblewrap (apt-get install bubblewrap) where user namespaces are allowed, or set "
        + $"{nameof(SandboxUse.WherePossible)}.");
}
