namespace NrSer.Cli.Output;

/// <summary>What <c>nrser ingest</c> did.</summary>
/// <param name="Uploaded">Files sent, those that replaced others included.</param>
/// <param name="Replaced">Names under which other content was before.</param>
/// <param name="AlreadyThere">Files that were there, unchanged.</param>
/// <param name="Failed">Files that could not be sent.</param>
/// <param name="Bytes">Sent.</param>
/// <param name="Skipped">Files of folders that are no recordings.</param>
internal sealed record IngestReportV1(int Uploaded, IReadOnlyList<string> Replaced, int AlreadyThere, IReadOnlyList<IngestFailureV1> Failed,
    long Bytes, int Skipped);

/// <summary>A recording that could not be uploaded, or a row of a manifest that is wrong.</summary>
/// <param name="File">The file or the address; of a row that is wrong, the manifest.</param>
/// <param name="Reason">Why.</param>
/// <param name="Line">The line of the manifest.</param>
/// <param name="Column">Its column, where one is wrong.</param>
internal sealed record IngestFailureV1(string File, string Reason, long? Line = null, string? Column = null);
