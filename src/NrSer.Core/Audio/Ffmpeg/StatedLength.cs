using System.Buffers.Binary;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>What a file says about its own length, held against what was read of it.</summary>
/// <param name="Bytes">Its end in bytes from the start of the input, or null.</param>
/// <param name="Seconds">Length of its sound, or null.</param>
/// <param name="Trims">Sound beyond that length is what an encoder filled up, and no sound of the recording.</param>
/// <param name="IsExact">The length is counted in samples of what was encoded: who has read so many has read all.</param>
/// <param name="LostShare">Which share of its fragments is missing by their numbers.</param>
internal readonly record struct StatedLength(long? Bytes, double? Seconds, bool Trims, bool IsExact = false, double LostShare = 0)
{
    // What codecs add, leave out or round: the longest frame has 2048 samples, 0.13 s at 16 kHz. Less is missed by nobody.
    private const double CodecSeconds = 0.15;
    private const double OneFrameSeconds = 0.03;
    private const double MissedSeconds = 0.5;
    private const double MissedShare = 0.02;

    /// <summary>Finds it.</summary>
    /// <param name="format">What the recording is.</param>
    /// <param name="input">At its first byte.</param>
    public static StatedLength Find(FfmpegFormat format, BufferedInput input)
    {
        long? bytes = input.PositionBytes + DeclaredLength.Find(format, input.Buffered.Span);
        if (format == FfmpegFormat.Flac && FlacSeconds(input.Buffered.Span) is { } flacSeconds)
            return new(bytes, flacSeconds, Trims: false, IsExact: true);
        return format == FfmpegFormat.Mp3 && Mp3Info.Find(input.Buffered.Span) is { Samples: { } samples } info
            ? new(bytes, samples / (double)info.SampleRateHz, info.PaddingSamples > 0)
            : new(bytes, Seconds: null, Trims: false);
    }

    /// <summary>This with what an index says of the track that is heard.</summary>
    /// <param name="track">The track, or null.</param>
    /// <param name="lostShare">Which share of the fragments is missing.</param>
    public StatedLength With(Mp4Track? track, double lostShare) =>
        this with { Seconds = track?.Seconds, Trims = track is { HasEdits: true }, LostShare = lostShare };

    /// <summary>Samples of one channel that belong to the recording; all where nothing is to be trimmed.</summary>
    /// <param name="sampleRateHz">Of the decoded sound.</param>
    public long MaxFrames(int sampleRateHz) => Trims && Seconds is { } seconds ? (long)Math.Round(seconds * sampleRateHz) : long.MaxValue;

    /// <summary>Whether all has been read that was ever there: what is complained of then stands behind the sound.</summary>
    /// <param name="frames">Samples of one channel that were read.</param>
    /// <param name="sampleRateHz">Their rate.</param>
    public bool IsReached(long frames, int sampleRateHz) => IsExact && frames >= Math.Round(Seconds.GetValueOrDefault() * sampleRateHz);

    /// <summary>How much sound is missing at the end of a recording, in seconds; null when none is, or not enough to be missed.</summary>
    /// <param name="format">What the recording is.</param>
    /// <param name="readSeconds">How much was decoded.</param>
    /// <param name="readBytes">Where the input ended; null when that is not known.</param>
    public double? Missing(FfmpegFormat format, double readSeconds, long? readBytes)
    {
        double missingSeconds = Seconds - readSeconds ?? 0;
        if (missingSeconds > MissedSeconds || (missingSeconds > CodecSeconds && missingSeconds > MissedShare * Seconds))
            return missingSeconds;
        if (readBytes is not { } read || !(read < Bytes) || DeclaredLength.IsRemovedTag(format, Bytes.Value - read))
            return null;
        if (Seconds is not null)
            return format.IsLossless || missingSeconds > OneFrameSeconds ? Math.Max(0, missingSeconds) : null;
        return readSeconds * (Bytes.Value - read) / Math.Max(1, read);
    }

    // RFC 9639, STREAMINFO: behind the mark, a header of 4 bytes and 10 of sizes, a rate of 20 bits, channels and bits of 8, samples of 36.
    private static double? FlacSeconds(ReadOnlySpan<byte> start)
    {
        const int RateAt = 4 + 4 + 10;
        const int SampleBits = 36;
        if (start.Length < RateAt + sizeof(ulong))
            return null;
        ulong packed = BinaryPrimitives.ReadUInt64BigEndian(start[RateAt..]);
        (ulong samples, ulong rateHz) = (packed & ((1UL << SampleBits) - 1), packed >> (64 - 20));
        return samples > 0 && rateHz > 0 ? samples / (double)rateHz : null; // 0 where it was not known
    }
}
