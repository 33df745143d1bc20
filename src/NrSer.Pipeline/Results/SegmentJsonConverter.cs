using System.Text.Json;
using System.Text.Json.Serialization;

namespace NrSer.Pipeline.Results;

/// <summary>A segment as a JSON object: a field per column, but for the recording, which the document around it names.</summary>
public sealed class SegmentJsonConverter : JsonConverter<Segment>
{
    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Segment value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        WriteFields(writer, SegmentColumns.All.Where(column => !column.IsKey), value);
        writer.WriteEndObject();
    }

    /// <summary>Writes columns as fields.</summary>
    /// <param name="writer">Inside an object.</param>
    /// <param name="columns">Which.</param>
    /// <param name="row">The row.</param>
    internal static void WriteFields<TRow>(Utf8JsonWriter writer, IEnumerable<Column<TRow>> columns, TRow row)
    {
        foreach (Column<TRow> column in columns)
        {
            writer.WritePropertyName(JsonNamingPolicy.CamelCase.ConvertName(column.Name));
            switch (column.ValueOf(row))
            {
                case null: writer.WriteNullValue(); break;
                case string text: writer.WriteStringValue(text); break;
                case bool flag: writer.WriteBooleanValue(flag); break;
                case int number: writer.WriteNumberValue(number); break;
                case long number: writer.WriteNumberValue(number); break;
                case float number: writer.WriteNumberValue(number); break;
                case double number: writer.WriteNumberValue(number); break;
                case DateTimeOffset time: writer.WriteStringValue(time); break;
                case Enum name: writer.WriteStringValue(name.ToString()); break;
                case { } other: throw new NotSupportedException($"Column {column.Name} holds a {other.GetType().Name}.");
            }
        }
    }

    /// <inheritdoc/>
    public override Segment Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Segments are read from tables and Parquet.");
}
