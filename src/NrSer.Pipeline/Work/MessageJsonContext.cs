using System.Text.Json.Serialization;

namespace NrSer.Pipeline.Work;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(EnhanceChunkV1))]
[JsonSerializable(typeof(RecognizeEmotionV1))]
[JsonSerializable(typeof(FetchEpisodeV1))]
[JsonSerializable(typeof(DeadLetterV1))]
[JsonSerializable(typeof(EnvelopeV1))]
internal sealed partial class MessageJsonContext : JsonSerializerContext;
