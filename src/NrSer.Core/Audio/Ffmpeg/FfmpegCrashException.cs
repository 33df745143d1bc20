namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>A signal ended ffmpeg in its work: by the machine's fault, which another try may show, or by the recording's.</summary>
/// <param name="signal">Its name, such as <c>SIGSEGV</c>.</param>
public sealed class FfmpegCrashException(string signal)
    : IOException($"ffmpeg was ended by {signal}. The recording may be damaged or hostile; or the machine ran out of memory.");
