namespace NrSer.Cli.Output;

/// <summary>What <c>nrser ingest</c> did.</summary>
/// <param name="Uploaded">Files sent, those that replaced others included.</param>
/// <param name="Replaced">Names under which other content was before.</param>
/// <param name="AlreadyThere">Files that were there, unchanged.</param>
/// <param name="Failed">Files that could not be sent.</param>
/// <param name="Bytes">Sent.</param>
internal sealed record IngestReportV1(int Uploaded, IReadOnlyList<string> Replaced, int AlreadyThere, IReadOnlyList<IngestFailureV1> Failed,
    long Bytes);

/// <summary>A file that could not be uploaded.</summary>
internal sealed record IngestFailureV1(string File, string Reason);
