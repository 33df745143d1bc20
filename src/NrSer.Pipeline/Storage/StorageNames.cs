namespace NrSer.Pipeline.Storage;

/// <summary>Every name that code, infrastructure and BI tools share.</summary>
public static class StorageNames
{
    /// <summary>Container that users drop recordings into.</summary>
    public const string Recordings = "recordings";

    /// <summary>What the names of episodes begin with: they come in bulk, and can be fetched again.</summary>
    public const string PodcastsPrefix = "podcasts/";

    /// <summary>Container of decoded chunks: <c>{recordingId}/{channel}-{index}.wav</c>.</summary>
    public const string Chunks = "chunks";

    /// <summary>Container of reconstituted chunks and their segment manifests: <c>{recordingId}/{channel}-{index}.wav</c> and <c>.json</c>.</summary>
    public const string Enhanced = "enhanced";

    /// <summary>Container of receipts and Parquet files.</summary>
    public const string Results = "results";

    /// <summary>Container of the key by which forgotten contents are known again: for the host's own identity, and whoever may forget.</summary>
    public const string Keys = "keys";

    /// <summary>Container of the events that Event Grid could not deliver; there is none on a laptop.</summary>
    public const string LostEvents = "eventgrid-deadletter";

    /// <summary>Table of recordings: day, id.</summary>
    public const string RecordingsTable = "recordings";

    /// <summary>Table of chunks: recording id, channel and index.</summary>
    public const string ChunksTable = "chunks";

    /// <summary>Table of segments: recording id, channel and start in ms.</summary>
    public const string SegmentsTable = "segments";

    /// <summary>Table of the names of uploads: hash of the name.</summary>
    public const string UploadsTable = "uploads";

    /// <summary>Table of recordings that somebody has to look after: recording id.</summary>
    public const string OpenWorkTable = "openwork";

    /// <summary>Table of recordings that the lake has yet to take in: one partition, recording id.</summary>
    public const string LakePendingTable = "lakepending";

    /// <summary>Table of podcasts: what a row is, its id.</summary>
    public const string FeedsTable = "feeds";

    /// <summary>Table of episodes: feed id, key.</summary>
    public const string EpisodesTable = "episodes";

    /// <summary>Table of what was forgotten, is about to be, and is not to be taken in again: what a row is, an id or a keyed hash.</summary>
    public const string ForgottenTable = "forgotten";

    /// <summary>Queue of blob events.</summary>
    public const string UploadsQueue = "uploads";

    /// <summary>Queue of chunks to enhance.</summary>
    public const string ChunksQueue = "chunks";

    /// <summary>Queue of chunks to recognise.</summary>
    public const string EmotionsQueue = "emotions";

    /// <summary>What the name of a queue ends in whose messages keep nobody waiting.</summary>
    public const string BulkSuffix = "-bulk";

    /// <summary>Queues in the order of the flow, one a stage.</summary>
    public static IReadOnlyList<string> Queues { get; } = [UploadsQueue, ChunksQueue, EmotionsQueue];

    /// <summary>The same, with the bulk queue of each.</summary>
    public static IReadOnlyList<string> LaneQueues { get; } = [.. Queues.SelectMany(queue => new[] { queue, BulkOf(queue) })];

    /// <summary>Queue of episodes to fetch, where a timer follows feeds.</summary>
    public const string DownloadsQueue = "downloads";

    /// <summary>All queues of a storage account: those of the flow, and what was given up.</summary>
    public static IReadOnlyList<string> StorageQueues { get; } = [.. LaneQueues, .. Queues.Select(PoisonOf)];

    /// <summary>All queues of a Service Bus namespace, which have dead-letter queues of their own.</summary>
    public static IReadOnlyList<string> ServiceBusQueues { get; } = [.. LaneQueues, DownloadsQueue];

    /// <summary>Containers.</summary>
    public static IReadOnlyList<string> Containers { get; } = [Recordings, Chunks, Enhanced, Results, Keys];

    /// <summary>Tables, lower case because Power BI needs it.</summary>
    public static IReadOnlyList<string> Tables { get; } =
        [RecordingsTable, ChunksTable, SegmentsTable, UploadsTable, OpenWorkTable, LakePendingTable, FeedsTable, EpisodesTable, ForgottenTable];

    /// <summary>The queue of a stage for what keeps nobody waiting.</summary>
    /// <param name="queue">One of <see cref="Queues"/>.</param>
    public static string BulkOf(string queue) => queue + BulkSuffix;

    /// <summary>Where messages go that could not be handled, of both lanes: storage queues have no dead-letter queues of their own.</summary>
    /// <param name="queue">One of <see cref="LaneQueues"/>.</param>
    public static string PoisonOf(string queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return $"{(queue.EndsWith(BulkSuffix, StringComparison.Ordinal) ? queue[..^BulkSuffix.Length] : queue)}-poison";
    }
}
