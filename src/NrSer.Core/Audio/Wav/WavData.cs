using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Wav;

/// <summary>How long a data chunk is, and how far that can be believed.</summary>
/// <param name="Bytes">Length of the samples; <see cref="ToTheEnd"/> when they last until the end of the stream.</param>
/// <param name="MayEndEarly">The length is what a writer puts there before it knows: the end of the stream may come at any place.</param>
/// <param name="FileOffset">Where the WAVE file starts in the input, in bytes.</param>
internal readonly record struct WavData(long Bytes, bool MayEndEarly, long FileOffset)
{
    /// <summary>More than any stream has.</summary>
    public const long ToTheEnd = long.MaxValue;

    private const uint Unknown = 0xFFFFFFFF; // written to pipes, and in RF64 where ds64 has the size

    // Writers who do not know the length yet write 2^31 or 2^32, often less a header or a block.
    private const uint PlaceholderRange = 1 << 16;

    /// <summary>All that follows.</summary>
    /// <param name="fileOffset">Where the WAVE file starts in the input, in bytes.</param>
    public static WavData AllThatFollows(long fileOffset) => new(ToTheEnd, MayEndEarly: true, fileOffset);

    /// <summary>True for a length that a writer puts into a header before it knows better.</summary>
    /// <param name="bytes">The length of a file or of its samples, as stated.</param>
    public static bool IsPlaceholder(uint bytes) =>
        bytes == 0 || bytes >= Unknown - PlaceholderRange || (bytes >= (1u << 31) - PlaceholderRange && bytes <= (1u << 31) + PlaceholderRange);

    /// <summary>Finds the length of the samples.</summary>
    /// <param name="input">At the first sample.</param>
    /// <param name="fileOffset">Where the WAVE file starts in the input, in bytes.</param>
    /// <param name="bytes">As the data chunk states it.</param>
    /// <param name="riffBytes">As the file's first chunk states it.</param>
    /// <param name="ds64DataBytes">As RF64 states it, or null.</param>
    /// <param name="cutOff">What becomes of an input that is known to be shorter.</param>
    /// <exception cref="InvalidAudioException">It is refused.</exception>
    public static WavData Find(
        BufferedInput input, long fileOffset, uint bytes, uint riffBytes, long? ds64DataBytes, CutOffTreatment cutOff)
    {
        long offset = input.PositionBytes;
        if (bytes == Unknown && ds64DataBytes > 0)
            return new WavData(ds64DataBytes.Value, MayEndEarly: false, fileOffset).CheckAgainst(input, cutOff);
        if (bytes == Unknown)
            return AllThatFollows(fileOffset);

        // A RIFF that reaches further than an empty data chunk may be complete: then other chunks follow, not samples.
        if (bytes == 0)
            return IsPlaceholder(riffBytes) || fileOffset + riffBytes + 8L <= offset ? AllThatFollows(fileOffset) : new(0, false, fileOffset);
        return new WavData(bytes, IsPlaceholder(bytes), fileOffset).CheckAgainst(input, cutOff);
    }

    /// <summary>True when samples of this length may end here: the length is a placeholder, or that of the whole file.</summary>
    /// <param name="endOffset">Where the input ends, in bytes.</param>
    public bool MayEndAt(long endOffset) => MayEndEarly || Bytes == endOffset - FileOffset || Bytes == endOffset - FileOffset - WavChunk.HeaderBytes;

    private WavData CheckAgainst(BufferedInput input, CutOffTreatment cutOff)
    {
        long missingBytes = Bytes - (input.LengthBytes - input.PositionBytes) ?? 0;
        if (cutOff != CutOffTreatment.Take && missingBytes > 0 && !MayEndAt(input.LengthBytes!.Value))
            throw new InvalidAudioException(
                $"The recording is cut off: {missingBytes} of {Bytes} bytes are missing. {Conversion.Salvage}", input.LengthBytes);
        return this;
    }
}
