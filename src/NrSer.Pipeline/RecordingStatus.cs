namespace NrSer.Pipeline;

/// <summary>Where a recording stands. Within one generation it moves forward only.</summary>
public enum RecordingStatus
{
    /// <summary>An event for it is on its way.</summary>
    Queued,

    /// <summary>Being decoded, or its chunks are being worked on.</summary>
    Processing,

    /// <summary>All chunks are done.</summary>
    Completed,

    /// <summary>It cannot be read; the row says why. Not retried by itself.</summary>
    Rejected,

    /// <summary>A service failed for good; the row says why. <c>nrser retry</c> revives it.</summary>
    Failed,
}
