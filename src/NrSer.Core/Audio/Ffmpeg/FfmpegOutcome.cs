using System.Text.RegularExpressions;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Reads ffmpeg's exit code and complaints: it exits with 0 even when half of the recording is missing.</summary>
internal static partial class FfmpegOutcome
{
    /// <summary>The reason where nothing could be heard.</summary>
    public const string NoAudio = "The file has no audio stream.";

    private const int MaxQuoteChars = 160;

    // Shells report death by signal n as 128 + n. ffmpeg itself answers SIGINT and SIGTERM with 255, after writing a proper end.
    private const int CpuLimitExitCode = 128 + 24;
    private static readonly int[] StoppedExitCodes = [255, 128 + 2, 128 + 15];

    // signal(7) of Linux on x86 and ARM
    private static readonly Dictionary<int, string> CrashSignals = new()
    {
        [128 + 4] = "SIGILL", [128 + 5] = "SIGTRAP", [128 + 6] = "SIGABRT", [128 + 7] = "SIGBUS", [128 + 8] = "SIGFPE", [128 + 9] = "SIGKILL",
        [128 + 11] = "SIGSEGV", [128 + 31] = "SIGSYS",
    };

    private enum Meaning
    {
        Harmless,
        NoAudio,
        NoIndex,
        OutOfMemory,
        UnknownCodec,
        Pauses,
        NoTrack,
        CutOff,
        NoFrame,
        Damage,
    }

    /// <summary>Throws unless ffmpeg came to the end of the recording, whole or not.</summary>
    /// <param name="exitCode">ffmpeg's.</param>
    /// <param name="complaints">Its errors, one a line.</param>
    /// <param name="format">What it was reading.</param>
    /// <returns>What it says of the end and of damage.</returns>
    /// <exception cref="InvalidAudioException">There is no sound, or none that can be decoded.</exception>
    /// <exception cref="IOException">Something stopped ffmpeg; trying again may help.</exception>
    /// <exception cref="FfmpegCrashException">A signal ended it.</exception>
    public static FfmpegEnding Judge(int exitCode, string complaints, FfmpegFormat format)
    {
        if (exitCode == CpuLimitExitCode)
            throw new InvalidAudioException($"Decoding the {format.Name} takes more processor time than allowed. {Conversion.Convert}");
        if (StoppedExitCodes.Contains(exitCode))
            throw new IOException($"ffmpeg was stopped from outside (exit code {exitCode}).");
        if (CrashSignals.TryGetValue(exitCode, out string? signal))
            throw new FfmpegCrashException(signal);

        // The decoder calls missing frames corrupt, and only one line tells why they are missing.
        if (format == FfmpegFormat.Amr && complaints.Contains("Not yet implemented", StringComparison.Ordinal))
            throw new InvalidAudioException(Explain(Meaning.Pauses, complaints, format)!);

        FfmpegEnding ending = new(IsCutOff: false, Damages: 0, FirstDamage: null, IsOnlyBehind: true);
        foreach (string line in complaints.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            Meaning meaning = Judge(line, format);
            if (meaning is Meaning.Damage or Meaning.NoFrame or Meaning.CutOff)
            {
                string? damage = ending.FirstDamage ?? Explain(Meaning.Damage, line, format);
                ending = new(
                    ending.IsCutOff || meaning == Meaning.CutOff, ending.Damages + 1, damage, ending.IsOnlyBehind && meaning == Meaning.NoFrame);
            }
            else if (Explain(meaning, line, format) is { } reason)
            {
                throw new InvalidAudioException(reason);
            }
        }

        if (exitCode != 0)
            throw new InvalidAudioException(ending.FirstDamage ?? $"The {format.Name} cannot be decoded. {Conversion.Convert}");
        return ending;
    }

    private static string? Explain(Meaning meaning, string line, FfmpegFormat format) => meaning switch
    {
        Meaning.NoAudio => NoAudio,
        Meaning.NoIndex => "The MP4 has no index: it is cut off, or its recording was never finished. With whole.mp4, any other of the same device, "
            + $"one can be made: untrunc whole.mp4 {Conversion.File} # then ffmpeg -i of what it writes",
        Meaning.OutOfMemory => $"Decoding the {format.Name} takes more memory than allowed. {Conversion.Convert}",
        Meaning.UnknownCodec =>
            $"The {format.Name} holds sound in an encoding that this ffmpeg does not know ({Clean(line)}). {Conversion.Convert}",
        Meaning.Pauses =>
            $"The {format.Name} stops sending in pauses (DTX), which ffmpeg does not decode. Convert it: sox FILE -r 16000 -c 1 out.wav",
        Meaning.NoTrack => "The file has no audio track of that number; they are counted from 0. It has: "
            + $"ffprobe -i {Conversion.File} -v error -select_streams a -show_entries stream=codec_name:stream_tags -of compact",
        Meaning.Damage => $"The {format.Name} is damaged or cut off ({Clean(line)}). {Conversion.Salvage}",
        _ => null,
    };

    private static Meaning Judge(string line, FfmpegFormat format)
    {
        if (line.Contains("does not contain any stream", StringComparison.Ordinal))
            return Meaning.NoAudio;
        if (line.Contains("matches no streams", StringComparison.Ordinal))
            return Meaning.NoTrack;
        if (line.Contains("moov atom not found", StringComparison.Ordinal))
            return Meaning.NoIndex;
        if (line.Contains("Cannot allocate memory", StringComparison.Ordinal) || line.Contains("Error allocating", StringComparison.Ordinal))
            return Meaning.OutOfMemory;

        // A cover is a stream of its own, which nobody will look at.
        if (PicturePattern().IsMatch(line))
            return Meaning.Harmless;
        if (UnknownCodecPattern().IsMatch(line))
            return Meaning.UnknownCodec;

        // Many MP3 files are cut from longer ones and have tags at the end: the first frame lacks what came before it, and tags look like a frame
        // with a bad header. What the decoder says is then repeated without its cause.
        if (format == FfmpegFormat.Mp3 && Mp3EdgePattern().IsMatch(line))
            return Meaning.Harmless;

        if (CutOffPattern().IsMatch(line))
            return Meaning.CutOff;
        if (format == FfmpegFormat.Flac && NoFlacFramePattern().IsMatch(line))
            return Meaning.NoFrame;

        // Only repeats what the line before said.
        return RepetitionPattern().IsMatch(line) ? Meaning.Harmless : Meaning.Damage;
    }

    // "[flac @ 0x55d7f1c0] invalid residual" and "file:/tmp/x: Invalid data": addresses and paths tell the owner nothing.
    private static string Clean(string line)
    {
        string text = ControlPattern().Replace(PlacePattern().Replace(line, ""), "?").Trim();
        return text.Length <= MaxQuoteChars ? text : string.Concat(text.AsSpan(0, MaxQuoteChars), "…");
    }

    [GeneratedRegex(
        @"^\[(mjpeg|png|apng|bmp|gif|webp|tiff|image2|swscaler|h264|hevc|mpeg4|mpeg1video|mpeg2video|vp8|vp9|av1|libdav1d|theora|flv|wmv\d) @"
        + @"|Could not find codec parameters for stream \d+ \((Video|Subtitle|Data|Attachment)",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PicturePattern();

    [GeneratedRegex(
        "Decoder .* not found|Decoding requested, but no decoder found|Could not find codec parameters for stream .*Audio: none",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UnknownCodecPattern();

    [GeneratedRegex(
        "Header missing$|invalid new backstep|overread|Error while decoding stream|Error submitting packet to decoder", RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Mp3EdgePattern();

    [GeneratedRegex(
        "partial file|File ended prematurely|incomplete frame|Input buffer exhausted before END|Input packet size too small",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CutOffPattern();

    [GeneratedRegex(
        @"invalid sync code|invalid frame header|decode_frame\(\) failed|Error while decoding stream|Error submitting packet to decoder",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NoFlacFramePattern();

    [GeneratedRegex("To ignore this, add|Last message repeated", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RepetitionPattern();

    [GeneratedRegex(@"\[[^\]]* @ [^\]]*\]\s*|(pipe|file):\S*:\s*|0x[0-9a-fA-F]{6,}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PlacePattern();

    [GeneratedRegex(@"[^\x20-\x7E]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ControlPattern();
}

/// <summary>How a decode ended that came to the end of what there was.</summary>
/// <param name="IsCutOff">ffmpeg says that the file ends too early.</param>
/// <param name="Damages">Complaints about its content.</param>
/// <param name="FirstDamage">The first of them, as a reason for its owner; null without any.</param>
/// <param name="IsOnlyBehind">All of them are about what is no frame of a FLAC: nothing, if no sound is missing, but a tag behind it.</param>
internal readonly record struct FfmpegEnding(bool IsCutOff, int Damages, string? FirstDamage, bool IsOnlyBehind);
