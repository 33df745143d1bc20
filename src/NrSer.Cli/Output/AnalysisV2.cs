using System.Text.Json;
using System.Text.Json.Serialization;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Output;

/// <summary>What <c>nrser analyze</c> prints.</summary>
internal sealed record AnalysisV2(AnalyzedRecording Recording, ModelNames Models, IReadOnlyList<Segment> Segments);

/// <summary>The recording that was analysed: its name, and the columns that decoding fills.</summary>
[JsonConverter(typeof(AnalyzedRecordingConverter))]
internal sealed record AnalyzedRecording(string File, Recording Sound);

/// <summary>Writes a recording by the list of columns.</summary>
internal sealed class AnalyzedRecordingConverter : JsonConverter<AnalyzedRecording>
{
    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, AnalyzedRecording value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("file", value.File);
        RecordingColumns.WriteSound(writer, value.Sound);
        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public override AnalyzedRecording Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Analyses are only written.");
}
