using NrSer.Core.Audio;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;

namespace NrSer.Evaluation.Experiments;

/// <summary>What every experiment needs: the method as production runs it, the clips, and the seed of all that is drawn.</summary>
/// <param name="models">The chosen models; stay the caller's.</param>
/// <param name="reconstituter">The method's first half.</param>
/// <param name="classifier">The emotion block.</param>
/// <param name="decoder">Reads clips of any kind.</param>
public sealed class Experiment(ModelSet models, SpeechReconstituter reconstituter, IEmotionClassifier classifier, AudioDecoder decoder)
{
    /// <summary>What to run on.</summary>
    public required EvaluationSet Set { get; init; }

    /// <summary>Where to mix speech and noise, rising.</summary>
    public required IReadOnlyList<double> SnrsDb { get; init; }

    /// <summary>Of the bootstrap.</summary>
    public required int Seed { get; init; }

    /// <summary>The chosen models.</summary>
    public ModelSet Models => models;

    /// <summary>The method's first half.</summary>
    public SpeechReconstituter Reconstituter => reconstituter;

    /// <summary>The emotion block.</summary>
    public IEmotionClassifier Classifier => classifier;

    /// <summary>Reads and mixes clips.</summary>
    public ClipAudio Audio { get; } = new(decoder);

    /// <summary>The noise that goes with a speech clip: the same at every SNR and in every run, spread evenly over what there is.</summary>
    /// <param name="index">Of the speech clip.</param>
    /// <exception cref="EvaluationException">There is no noise.</exception>
    public EvaluationClip NoiseFor(int index) => Set.Noise.Count > 0
        ? Set.Noise[(int)((index * 7919L) % Set.Noise.Count)] // a prime: neighbours in a corpus get different noises
        : throw new EvaluationException("Noise is needed: rows with noisePath alone, or --noise <folder>.");

    /// <summary>Works on many clips side by side; results stand in the order of the clips.</summary>
    public async Task<TResult[]> ForEachAsync<T, TResult>(
        IReadOnlyList<T> items, Func<T, int, CancellationToken, Task<TResult>> body, Action<double> progress, CancellationToken cancellationToken)
    {
        var results = new TResult[items.Count];
        int done = 0;
        var limits = new ParallelOptions { MaxDegreeOfParallelism = models.Options.EffectiveThreads, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, items.Count, limits, async (i, token) =>
        {
            results[i] = await body(items[i], i, token).ConfigureAwait(false);
            progress(Interlocked.Increment(ref done) / (double)items.Count);
        }).ConfigureAwait(false);
        return results;
    }

    /// <summary>S and x̂ of a clip taken as one segment.</summary>
    public Judgement Judge(float[] samples, CancellationToken cancellationToken) => Judgement.Of(reconstituter, samples, cancellationToken);
}
