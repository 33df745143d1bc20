namespace NrSer.Cli.Output;

/// <summary>What <c>nrser ingest</c> did.</summary>
internal sealed record IngestReportV1(int Uploaded, int AlreadyThere, IReadOnlyList<IngestFailureV1> Failed, long Bytes);
