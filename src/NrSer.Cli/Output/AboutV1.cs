namespace NrSer.Cli.Output;

/// <summary>What <c>nrser about</c> prints.</summary>
internal sealed record AboutV1(
    string Version, IReadOnlyList<AboutModelV1> Models, string Quality, string? Notice, string? Purpose, string? Setting, string? Contact,
    IReadOnlyDictionary<string, double> KeptDays);

/// <summary>A model of <c>nrser about</c>.</summary>
internal sealed record AboutModelV1(string Kind, string Id, string Quality, string Licence);
