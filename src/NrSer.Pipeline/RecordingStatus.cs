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

    /// <summary>Its upload was deleted or replaced before it was taken in, and what had been made of it was removed.</summary>
    Withdrawn,

    /// <summary>Somebody had it forgotten: the row is a tombstone that says nothing else, and stays for good.</summary>
    Forgotten,
}

/// <summary>What follows from where a recording stands.</summary>
public static class RecordingStatusExtensions
{
    /// <summary>Those that ended badly: a retry starts them again, and no others.</summary>
    public static IReadOnlyList<RecordingStatus> EndedBadly { get; } = [RecordingStatus.Failed, RecordingStatus.Rejected];

    /// <summary>Whether nothing may be left of what was made of it.</summary>
    /// <param name="status">The status.</param>
    public static bool IsVoid(this RecordingStatus status) =>
        status is RecordingStatus.Rejected or RecordingStatus.Withdrawn or RecordingStatus.Forgotten;

    /// <summary>Whether somebody has to look after it, should its messages get lost.</summary>
    /// <param name="status">The status.</param>
    public static bool IsOpen(this RecordingStatus status) => status is RecordingStatus.Queued or RecordingStatus.Processing;
}
