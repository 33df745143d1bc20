namespace NrSer.Pipeline.Results.Tables;

/// <summary>A content, and the episode that it was first seen in.</summary>
/// <param name="Sha256">Lower-case hex.</param>
/// <param name="FeedId">The episode's feed.</param>
/// <param name="EpisodeKey">The episode.</param>
/// <param name="BlobName">Where it lies, or is about to.</param>
/// <param name="Version">Of the row; null for a new one.</param>
public sealed record KnownContent(string Sha256, string FeedId, string EpisodeKey, string BlobName, string? Version = null);
