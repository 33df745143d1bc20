using NrSer.Pipeline.Results;

namespace NrSer.Cli.Output;

/// <summary>What <c>nrser analyze</c> prints.</summary>
internal sealed record AnalysisV2(AnalyzedRecordingV1 Recording, ModelNames Models, IReadOnlyList<Segment> Segments);

/// <summary>The recording that was analysed.</summary>
internal sealed record AnalyzedRecordingV1(string File, double DurationSeconds, int SampleRateHz, int Channels, string Encoding, string Sha256);
