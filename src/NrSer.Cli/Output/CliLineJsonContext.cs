using System.Text.Json.Serialization;

namespace NrSer.Cli.Output;

/// <summary>One object per line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ScoreV1))]
[JsonSerializable(typeof(ScoreTimelineV1))]
internal sealed partial class CliLineJsonContext : JsonSerializerContext;
