namespace NrSer.Cli.Output;

/// <summary>A file that could not be uploaded.</summary>
internal sealed record IngestFailureV1(string File, string Reason);
