namespace NrSer.Core.Models;

/// <summary>The emotions that results know, whatever a model calls its own: an entry maps each of its labels to one of them.</summary>
public static class EmotionVocabulary
{
    /// <summary>Every name, in the order of result columns.</summary>
    public static IReadOnlyList<string> Names { get; } = ["neutral", "happy", "sad", "angry", "fear", "disgust", "surprise", "contempt", "other"];
}
