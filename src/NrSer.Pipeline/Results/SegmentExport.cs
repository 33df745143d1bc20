using System.Globalization;
using System.Text.Json;

namespace NrSer.Pipeline.Results;

/// <summary>Segments of many recordings as text: CSV after RFC 4180 and JSON Lines, with a column each, and what people ask of the
/// recording.</summary>
public static class SegmentExport
{
    private static readonly Column<Recording>[] s_recording =
        [.. RecordingColumns.All.Where(column => column.IsKey || column.Name is nameof(Recording.BlobName) or nameof(Recording.Status))];

    private static readonly Column<Recording>[] s_last =
        [.. RecordingColumns.All.Where(column => column.Name is nameof(Recording.Tags) or nameof(Recording.Purpose))];

    private static readonly Column<Segment>[] s_segment = [.. SegmentColumns.All.Where(column => !column.IsKey)];

    /// <summary>The first line of a CSV file, with its end.</summary>
    public static string CsvHeader { get; } = Csv.Line(
        s_recording.Select(column => column.Name).Concat(s_segment.Select(column => column.Name)).Concat(s_last.Select(column => column.Name)));

    /// <summary>A line of a CSV file, with its end.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="segment">One of its segments.</param>
    /// <param name="defused">Whether text that a spreadsheet would take for a formula is kept from being one.</param>
    public static string CsvLine(Recording recording, Segment segment, bool defused = false) =>
        Csv.Line(s_recording.Select(column => column.ValueOf(recording)).Concat(s_segment.Select(column => column.ValueOf(segment)))
            .Concat(s_last.Select(column => column.ValueOf(recording)))
            .Select(value => value switch
            {
                string text => defused ? Csv.Defused(text) : text,
                DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
                IFormattable number => number.ToString(format: null, CultureInfo.InvariantCulture),
                _ => value?.ToString() ?? "",
            }));

    /// <summary>Writes one JSON object.</summary>
    /// <param name="writer">Receives it.</param>
    /// <param name="recording">The recording.</param>
    /// <param name="segment">One of its segments.</param>
    public static void WriteJson(Utf8JsonWriter writer, Recording recording, Segment segment)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        SegmentJsonConverter.WriteFields(writer, s_recording, recording);
        SegmentJsonConverter.WriteFields(writer, s_segment, segment);
        SegmentJsonConverter.WriteFields(writer, s_last, recording);
        writer.WriteEndObject();
    }
}
