namespace NrSer.Core.Audio.Input;

/// <summary>A recording that cannot be read, with a reason its owner understands. Retrying will not help.</summary>
/// <param name="reason">One sentence for the person who made the recording, and perhaps one of <see cref="Conversion"/>.</param>
/// <param name="byteOffset">Where in the input it went wrong, in bytes from the start, or null when no place is known.</param>
/// <param name="innerException">What lies beneath, or null.</param>
public sealed class InvalidAudioException(string reason, long? byteOffset = null, Exception? innerException = null)
    : Exception(byteOffset is > 0 and { } offset ? $"{reason} (at byte {offset})" : reason, innerException)
{
    /// <summary>The reason without the place.</summary>
    public string Reason { get; } = reason;

    /// <summary>Bytes from the start of the input, or null.</summary>
    public long? ByteOffset { get; } = byteOffset;

    /// <summary>What the recording is called, where whoever read it knew; the reason's commands are for that file then.</summary>
    public string? FileName { get; private init; }

    /// <summary>The same of a file.</summary>
    /// <param name="name">Its name, or path.</param>
    internal InvalidAudioException Of(string name) => new(Conversion.For(name, Reason), ByteOffset, this) { FileName = name };
}
