using System.Globalization;
using NrSer.Core.Audio;
using NrSer.Pipeline.Results;

namespace NrSer.Pipeline.Uploads;

/// <summary>How whoever uploaded a recording wants it to be read, from the blob's metadata.</summary>
/// <param name="Channels">What becomes of the channels; null for the setting.</param>
/// <param name="Track">Which track, from 0; null for the default one.</param>
/// <param name="Segments">Where its segments stand; null for the setting.</param>
/// <param name="Error">What is wrong with the metadata, a sentence, or null.</param>
public sealed record UploadWishes(ChannelMode? Channels = null, int? Track = null, SegmentStore? Segments = null, string? Error = null)
{
    /// <summary>Metadata of the channels: <c>Mix</c> or <c>Separate</c>. Azure takes no hyphen in such names; one is read as an underscore.</summary>
    public const string ChannelsName = "nrser_channels";

    /// <summary>Metadata of the track: its number from 0.</summary>
    public const string TrackName = "nrser_track";

    /// <summary>Metadata of the segments: <c>Table</c> or <c>Blob</c>.</summary>
    public const string SegmentsName = "nrser_segments";

    /// <summary>None.</summary>
    public static UploadWishes None { get; } = new();

    /// <summary>Reads metadata.</summary>
    /// <param name="metadata">Of the blob; names of others are left alone.</param>
    public static UploadWishes Of(IEnumerable<KeyValuePair<string, string>> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        UploadWishes wishes = None;
        foreach ((string name, string value) in metadata)
        {
            wishes = name.Replace('-', '_').ToLowerInvariant() switch
            {
                ChannelsName when Enum.TryParse(value, ignoreCase: true, out ChannelMode mode) && !char.IsAsciiDigit(value.Trim()[0]) =>
                    wishes with { Channels = mode },
                ChannelsName => wishes with { Error = $"The upload's metadata {name} is '{value}'; it can be Mix or Separate. Upload it again." },
                TrackName when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int track) => wishes with { Track = track },
                TrackName => wishes with { Error = $"The upload's metadata {name} is '{value}'; it can be a number from 0. Upload it again." },
                SegmentsName when Enum.TryParse(value, ignoreCase: true, out SegmentStore store) && !char.IsAsciiDigit(value.Trim()[0]) =>
                    wishes with { Segments = store },
                SegmentsName => wishes with { Error = $"The upload's metadata {name} is '{value}'; it can be Table or Blob. Upload it again." },
                _ => wishes,
            };
        }

        return wishes;
    }

    /// <summary>As metadata for an upload.</summary>
    public IDictionary<string, string> ToMetadata()
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (Channels is { } channels)
            metadata.Add(ChannelsName, channels.ToString());
        if (Track is { } track)
            metadata.Add(TrackName, track.ToString(CultureInfo.InvariantCulture));
        if (Segments is { } store)
            metadata.Add(SegmentsName, store.ToString());
        return metadata;
    }
}
