namespace NrSer.Cli.Output;

/// <summary>What <c>nrser retry</c> asked for.</summary>
internal sealed record RetryV1(IReadOnlyList<string> RecordingIds);
