using System.Globalization;

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
    /// <param name="key">What may be a <see cref="Key"/>.</param>
    /// <param name="id">Receives it.</param>
    public static bool TryParse(RecordingId recording, string key, out ChunkId id)
    {
        ArgumentNullException.ThrowIfNull(key);
        int dash = key.IndexOf('-', StringComparison.Ordinal), index = 0;
        bool valid = int.TryParse(key.AsSpan(0, Math.Max(dash, 0)), NumberStyles.None, CultureInfo.InvariantCulture, out int channel)
            && int.TryParse(key.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out index);
        id = valid ? new ChunkId(recording, channel, index) : default;
        return valid;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Recording}/{Key}";
}
