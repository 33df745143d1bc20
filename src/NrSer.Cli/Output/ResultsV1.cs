using NrSer.Pipeline.Rows;

namespace NrSer.Cli.Output;

/// <summary>What <c>nrser results</c> prints.</summary>
internal sealed record ResultsV1(StatusV1 Recording, IReadOnlyList<SegmentRow> Segments);
