using System.Text.Json.Serialization;

namespace NrSer.Core.Models;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CatalogDocument))]
[JsonSerializable(typeof(ModelFixture))]
internal sealed partial class ModelJsonContext : JsonSerializerContext;
