using System.Text.Json.Serialization;

namespace NrSer.Pipeline.Results;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ReceiptV1))]
internal sealed partial class ResultJsonContext : JsonSerializerContext;
