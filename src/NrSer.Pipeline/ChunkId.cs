namespace NrSer.Pipeline;

/// <summary>Names one chunk of a recording.</summary>
/// <param name="Recording">Its recording.</param>
/// <param name="Channel">Its channel, from 0; the mix of all channels is 0.</param>
/// <param name="Index">Its place in the channel, from 0.</param>
public readonly record struct ChunkId(RecordingId Recording, int Channel, int Index)
{
    /// <summary>Channel and index so that text order is order of time; the row key.</summary>
    public string Key => $"{Channel:D2}-{Index:D5}";

    /// <inheritdoc/>
    public override string ToString() => $"{Recording}/{Key}";
}
