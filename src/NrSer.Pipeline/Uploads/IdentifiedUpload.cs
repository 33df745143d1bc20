namespace NrSer.Pipeline.Uploads;

/// <summary>An upload of which it is known which recording it is.</summary>
/// <param name="Upload">The upload, with the recording's id.</param>
/// <param name="Sha256">Of its content, lower-case hex.</param>
/// <param name="Content">All of it where it was read and is small.</param>
/// <param name="IsNewETag">Whether its content was known under another ETag, or another content under its name.</param>
public sealed record IdentifiedUpload(Upload Upload, string Sha256, byte[]? Content, bool IsNewETag);
