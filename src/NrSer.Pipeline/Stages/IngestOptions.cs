using NrSer.Core.Audio;

namespace NrSer.Pipeline.Stages;

/// <summary>How uploads are taken in.</summary>
public sealed class IngestOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Ingest";

    /// <summary>Mixed to mono, or every channel for itself.</summary>
    public ChannelMode Channels { get; init; } = ChannelMode.Mix;

    /// <summary>Whether an upload is left alone until the malware scan of its storage account found nothing in it.</summary>
    public bool AwaitScan { get; init; }
}
