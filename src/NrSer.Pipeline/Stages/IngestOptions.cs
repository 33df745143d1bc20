using NrSer.Core.Audio;

namespace NrSer.Pipeline.Stages;

/// <summary>How uploads are taken in.</summary>
public sealed class IngestOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Ingest";

    /// <summary>Mixed to mono, or every channel for itself.</summary>
    public ChannelMode Channels { get; init; } = ChannelMode.Mix;
}
