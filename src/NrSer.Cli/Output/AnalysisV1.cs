using NrSer.Pipeline.Rows;

namespace NrSer.Cli.Output;

/// <summary>What <c>nrser analyze</c> prints.</summary>
internal sealed record AnalysisV1(AnalyzedRecordingV1 Recording, AnalysisModelsV1 Models, IReadOnlyList<SegmentRow> Segments);
