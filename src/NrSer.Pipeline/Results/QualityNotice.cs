namespace NrSer.Pipeline.Results;

/// <summary>What must stand beside results while a model is of demonstration quality: no setting takes it away.</summary>
public static class QualityNotice
{
    /// <summary>The notice.</summary>
    public const string Demonstration =
        "The models are of demonstration quality: they show the mechanism. Do not base decisions about people on what they say.";

    private const string Quality = "demonstration"; // models/catalog.json

    /// <summary>The notice for a quality; null where none is needed.</summary>
    /// <param name="modelQuality">The lowest quality among the models; null where nothing was computed.</param>
    public static string? Of(string? modelQuality) => modelQuality == Quality ? Demonstration : null;
}
