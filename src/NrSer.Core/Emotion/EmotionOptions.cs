using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Core.Emotion;

/// <summary>How segments are batched, and on whose scale their emotions are told.</summary>
public sealed class EmotionOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Emotion";

    /// <summary>Audio in one batch, all of its segments together: 10 s to 10 min. More uses more memory.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:10:00")] public TimeSpan MaxBatch { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>On which scale arousal, valence and dominance are told, whatever model heard them.</summary>
    [EnumDataType(typeof(RatingScales))] public RatingScales RatingScale { get; init; }

    /// <summary>That scale; null for the model's own.</summary>
    public RatingScale? ToldScale => RatingScale switch
    {
        RatingScales.Unit => new RatingScale(0, 1),
        RatingScales.Five => new RatingScale(1, 5),
        RatingScales.Seven => new RatingScale(1, 7),
        _ => null,
    };

    /// <summary>Whether a model's answers are put on the recording's own scale.</summary>
    [EnumDataType(typeof(EmotionNormalisation))] public EmotionNormalisation Normalisation { get; init; }
}

/// <summary>On whose scale a segment's emotion is told.</summary>
public enum EmotionNormalisation
{
    /// <summary>That of the model's training.</summary>
    None,

    /// <summary>
    /// That of its chunk: what the model says more often of this voice, language and channel than of others counts for less. It helps with recordings
    /// unlike those of the training, in which emotions change; speech that keeps to one emotion is told as less of it.
    /// </summary>
    Chunk,
}

/// <summary>Scales for ratings.</summary>
public enum RatingScales
{
    /// <summary>That of the model.</summary>
    Model,

    /// <summary>0 to 1.</summary>
    Unit,

    /// <summary>1 to 5, as EmoTale's annotators had it.</summary>
    Five,

    /// <summary>1 to 7, as those of MSP-Podcast.</summary>
    Seven,
}

[OptionsValidator]
internal sealed partial class EmotionOptionsValidator : IValidateOptions<EmotionOptions>;
