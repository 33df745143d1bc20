using NrSer.Pipeline.Rows;

namespace NrSer.Cli.Output;

/// <summary>One line of <c>nrser export --format jsonl</c>.</summary>
internal sealed record ExportRowV1(string RecordingId, string BlobName, SegmentRow Segment);
