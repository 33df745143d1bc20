using Azure;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Uploads;

/// <summary>What lies under a name.</summary>
/// <param name="Id">The recording that it is, or would be if it is seen for the first time.</param>
/// <param name="BlobName">Name within the recordings container.</param>
/// <param name="ETag">Its ETag, without quotes.</param>
/// <param name="CreatedOn">When it was uploaded; null when it was not looked at.</param>
/// <param name="ContentBytes">Its size.</param>
public sealed record Upload(RecordingId Id, string BlobName, string ETag, DateTimeOffset? CreatedOn, long ContentBytes)
{
    /// <summary>How it is to be read; known of one upload that was looked up, not of many that were listed.</summary>
    public UploadWishes Wishes { get; init; } = UploadWishes.None;

    /// <summary>Which queues it takes; of an upload that was listed, as far as its name tells.</summary>
    public Lane Lane { get; init; }

    /// <summary>When it was recorded or published, where its metadata says so and was looked at.</summary>
    public DateTimeOffset? RecordedAt { get; init; }

    /// <summary>Its tags, divided by a comma and a space, likewise.</summary>
    public string? Tags { get; init; }

    /// <summary>Where a person can hear it, likewise.</summary>
    public string? ListenUrl { get; init; }

    /// <summary>Its length as its publisher says, likewise.</summary>
    public double? DeclaredSeconds { get; init; }

    /// <summary>The feed and the key of the episode that it is, likewise.</summary>
    public (string FeedId, string Key)? Episode { get; init; }

    /// <summary>As a list shows it.</summary>
    /// <param name="blobName">Name within the recordings container.</param>
    /// <param name="etag">Its ETag.</param>
    /// <param name="createdOn">When it was uploaded.</param>
    /// <param name="contentBytes">Its size.</param>
    public static Upload Of(string blobName, ETag etag, DateTimeOffset createdOn, long contentBytes)
    {
        ArgumentNullException.ThrowIfNull(blobName);
        string bare = etag.ToString().Trim('"');
        return new Upload(RecordingId.Of(createdOn, StorageNames.Recordings, blobName, bare), blobName, bare, createdOn, contentBytes)
        {
            Lane = LaneOf(blobName, asked: Lane.Live),
        };
    }

    /// <summary>Which queues an upload takes.</summary>
    /// <param name="blobName">Its name, which decides of podcasts.</param>
    /// <param name="asked">What its metadata asks for.</param>
    internal static Lane LaneOf(string blobName, Lane asked) =>
        blobName.StartsWith(StorageNames.PodcastsPrefix, StringComparison.Ordinal) ? Lane.Bulk : asked;
}
