namespace NrSer.Pipeline.Results.Tables;

/// <summary>A recording that is to be forgotten, with what leads to everything that is kept of it.</summary>
/// <param name="Id">The recording.</param>
public sealed record ForgetRequest(RecordingId Id)
{
    /// <summary>Name of its upload.</summary>
    public string? BlobName { get; init; }

    /// <summary>ETag of its upload, without quotes.</summary>
    public string? BlobETag { get; init; }

    /// <summary>Size of its content.</summary>
    public long? ContentBytes { get; init; }

    /// <summary>SHA-256 of its content; null where nobody looked at it yet.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Whether the same content is not to be taken in again.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Why, for the proof.</summary>
    public string? Reason { get; init; }

    /// <summary>Of the row, as the store tells; null for a new one.</summary>
    public string? Version { get; init; }

    /// <summary>Of a recording's row.</summary>
    /// <param name="recording">The row.</param>
    public static ForgetRequest Of(Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return new ForgetRequest(recording.Id)
        {
            BlobName = recording.BlobName, BlobETag = recording.BlobETag, ContentBytes = recording.ContentBytes, Sha256 = recording.Sha256,
        };
    }
}
