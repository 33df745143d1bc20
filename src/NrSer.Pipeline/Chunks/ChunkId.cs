namespace NrSer.Pipeline.Chunks;

/// <summary>Names one chunk of a recording.</summary>
/// <param name="Recording">Its recording.</param>
/// <param name="Channel">Its channel, from 0; the mix of all channels is 0.</param>
/// <param name="Index">Its place in the channel, from 0.</param>
public readonly record struct ChunkId(RecordingId Recording, int Channel, int Index)
{
    /// <summary>Channel and index so that text order is order of time; the row key.</summary>
    public string Key => $"{Channel:D2}-{Index:D5}";

    /// <summary>The chunk that a row key names.</summary>
    /// <param name="recording">Its recording.</param>
    /// <param name="key">A <see cref="Key"/>.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static ChunkId Parse(RecordingId recording, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new(recording, int.Parse(key.AsSpan(0, key.IndexOf('-', StringComparison.Ordinal))),
            int.Parse(key.AsSpan(key.IndexOf('-', StringComparison.Ordinal) + 1)));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Recording}/{Key}";
}
