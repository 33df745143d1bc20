using NrSer.Core.Segmentation;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Fitting;

/// <summary>Segments as recordings will have them, drawn of one split: clean speech, noise alone, and mixtures of the same at any SNR.</summary>
/// <param name="audio">All there is.</param>
/// <param name="split">The split.</param>
internal sealed class Excerpts(FittingAudio audio, Split split)
{
    private const double Level = 0.05; // RMS of what is active
    private const double LeastPower = 1e-10;
    private const int Tries = 8; // for a stretch where something sounds

    private readonly FittingAudio.Sound[][] _speakers =
        [.. audio.SpeechOf(split).GroupBy(sound => sound.Clip.Source, StringComparer.Ordinal).Select(group => group.ToArray())];
    private readonly FittingAudio.Sound[][] _noises =
        [.. audio.NoiseOf(split).GroupBy(sound => sound.Clip.NoiseType, StringComparer.Ordinal).Select(group => group.ToArray())];

    /// <summary>An excerpt; the same number is the same speech and noise, whatever the kind.</summary>
    /// <param name="kind">What is heard.</param>
    /// <param name="number">From 0.</param>
    public Excerpt Draw(ExcerptKind kind, int number)
    {
        var random = new Random(ClipAudio.StableHash($"{split}/{number}"));
        int samples = random.Next(SegmentGrid.MinSteps, SegmentGrid.MaxSteps + 1) * SegmentGrid.StepSamples;
        (float[] speech, EvaluationClip speaker) = Loud(random, () => Speech(random, samples));
        (float[] noise, EvaluationClip source) = Loud(random, () => Noise(random, samples));
        switch (kind)
        {
            case { IsNoise: true }:
                return new Excerpt(noise, null, source, null);
            case { SnrDb: { } snrDb }:
                float[] mixture = new float[samples];
                NoiseMixing.Mix(speech, noise, snrDb, mixture);
                return new Excerpt(mixture, speech, speaker, source);
            default:
                return new Excerpt(speech, speech, speaker, null);
        }
    }

    /// <summary>Stretches of one speaker with pauses between them.</summary>
    private (float[], EvaluationClip) Speech(Random random, int samples)
    {
        FittingAudio.Sound[] speaker = _speakers[random.Next(_speakers.Length)];
        var joined = new float[samples];
        EvaluationClip? first = null;
        for (int at = 0; at < samples; at += random.Next(SegmentGrid.SampleRateHz / 3))
        {
            FittingAudio.Sound sound = speaker[random.Next(speaker.Length)];
            first ??= sound.Clip;
            int count = Math.Min(sound.Samples.Length, samples - at), start = random.Next(sound.Samples.Length - count + 1);
            sound.Samples.AsSpan(start, count).CopyTo(joined.AsSpan(at));
            at += count;
        }

        return (joined, first!);
    }

    /// <summary>A stretch of one recording; short ones come again and again.</summary>
    private (float[], EvaluationClip) Noise(Random random, int samples)
    {
        FittingAudio.Sound[] type = _noises[random.Next(_noises.Length)];
        FittingAudio.Sound sound = type[random.Next(type.Length)];
        var stretch = new float[samples];
        int start = random.Next(Math.Max(1, sound.Samples.Length - samples + 1));
        for (int i = 0; i < samples; i++)
            stretch[i] = sound.Samples[(start + i) % sound.Samples.Length];
        return (stretch, sound.Clip);
    }

    /// <summary>Brought to one level; drawn again where it is silent.</summary>
    private static (float[], EvaluationClip) Loud(Random random, Func<(float[], EvaluationClip)> draw)
    {
        for (int left = Tries; ; left--)
        {
            (float[] drawn, EvaluationClip clip) = draw();
            double power = NoiseMixing.ActivePower(drawn);
            if (power < LeastPower && left > 0)
                continue;
            float gain = power < LeastPower ? 1 : (float)(Level / Math.Sqrt(power));
            for (int i = 0; i < drawn.Length; i++)
                drawn[i] = power < LeastPower ? (float)(Level * ((2 * random.NextDouble()) - 1)) : gain * drawn[i];
            return (drawn, clip);
        }
    }
}

/// <summary>What an excerpt holds: clean speech where nothing else is said.</summary>
/// <param name="SnrDb">Speech in noise, at so many dB.</param>
/// <param name="IsNoise">Noise alone.</param>
internal readonly record struct ExcerptKind(double? SnrDb = null, bool IsNoise = false)
{
    /// <summary>Clean speech.</summary>
    public static ExcerptKind Clean => default;

    /// <summary>Noise alone.</summary>
    public static ExcerptKind Noise { get; } = new(IsNoise: true);
}

/// <summary>An excerpt.</summary>
/// <param name="Samples">x.</param>
/// <param name="Clean">The speech in it; null for noise alone.</param>
/// <param name="Source">The first recording that it was made of.</param>
/// <param name="Noise">Of a mixture, where its noise is from.</param>
internal sealed record Excerpt(float[] Samples, float[]? Clean, EvaluationClip Source, EvaluationClip? Noise);
