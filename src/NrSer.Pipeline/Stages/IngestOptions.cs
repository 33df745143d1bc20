using NrSer.Core.Audio;
using NrSer.Pipeline.Results;

namespace NrSer.Pipeline.Stages;

/// <summary>How uploads are taken in.</summary>
public sealed class IngestOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Ingest";

    /// <summary>Mixed to mono, or every channel for itself.</summary>
    public ChannelMode Channels { get; init; } = ChannelMode.Mix;

    /// <summary>Where the segments of new recordings stand. An emulator keeps its tables in memory: a million segments there end it.</summary>
    public SegmentStore SegmentStore { get; init; } = SegmentStore.Table;

    /// <summary>The same for podcasts, which are many; null for where those of all others stand.</summary>
    public SegmentStore? PodcastSegmentStore { get; init; }

    /// <summary>
    /// Where this process hosts every stage: no further recording is begun while chunks have waited for longer than this, so that an archive is not
    /// decoded onto the disk ahead of everything else. Null for no limit, as in Azure, where work audio is cheap and more hosts come.
    /// </summary>
    public TimeSpan? HoldAfter { get; init; }

    /// <summary>Whether an upload is left alone until the malware scan of its storage account found nothing in it.</summary>
    public bool AwaitScan { get; init; }
}
