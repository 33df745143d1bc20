using System.Text.Json;

namespace NrSer.Cli.Output;

/// <summary>One model of <c>nrser models</c>; <c>problem</c> is null when it loaded.</summary>
internal sealed record ModelListingV1(
    string Name, string Version, string Kind, string Quality, bool IsDefault, string Licence, JsonElement Measured, string? Problem);
