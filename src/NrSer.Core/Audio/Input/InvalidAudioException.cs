namespace NrSer.Core.Audio.Input;

/// <summary>A recording that cannot be read, with a reason its owner understands. Retrying will not help.</summary>
/// <param name="reason">One sentence for the person who made the recording.</param>
/// <param name="byteOffset">Where in the input it went wrong, in bytes from the start, or null when no place is known.</param>
/// <param name="innerException">What lies beneath, or null.</param>
public sealed class InvalidAudioException(string reason, long? byteOffset = null, Exception? innerException = null)
    : Exception(byteOffset is { } offset ? $"{reason} (at byte {offset})" : reason, innerException)
{
    /// <summary>The reason without the place.</summary>
    public string Reason { get; } = reason;

    /// <summary>Bytes from the start of the input, or null.</summary>
    public long? ByteOffset { get; } = byteOffset;
}
