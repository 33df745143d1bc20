using System.Text.Json;
using System.Text.Json.Serialization;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Api;

/// <summary>A recording as a JSON object: a field a column.</summary>
internal sealed class RecordingJson : JsonConverter<Recording>
{
    public override void Write(Utf8JsonWriter writer, Recording value, JsonSerializerOptions options) => RecordingColumns.WriteJson(writer, value);

    public override Recording Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Recordings are read from tables.");
}
