using Microsoft.Extensions.DependencyInjection;
using NrSer.Core.Audio;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;

namespace NrSer.Cli.Evaluation;

/// <summary>What every experiment needs: the method as production runs it, the clips, and the seed of all that is drawn.</summary>
internal sealed class Experiment
{
    private readonly int _threads;

    /// <param name="services">The method.</param>
    /// <param name="set">What to run on.</param>
    /// <param name="snrsDb">Where to mix speech and noise.</param>
    /// <param name="seed">Of the bootstrap.</param>
    public Experiment(ServiceProvider services, EvaluationSet set, IReadOnlyList<double> snrsDb, int seed)
    {
        (Set, SnrsDb, Seed) = (set, snrsDb, seed);
        Models = services.GetRequiredService<ModelSet>();
        Reconstituter = services.GetRequiredService<SpeechReconstituter>();
        Classifier = services.GetRequiredService<IEmotionClassifier>();
        Audio = new ClipAudio(services.GetRequiredService<AudioDecoder>());
        _threads = Models.Options.EffectiveThreads;
    }

    /// <summary>What to run on.</summary>
    public EvaluationSet Set { get; }

    /// <summary>Where to mix speech and noise, rising.</summary>
    public IReadOnlyList<double> SnrsDb { get; }

    /// <summary>Of the bootstrap.</summary>
    public int Seed { get; }

    /// <summary>The chosen models.</summary>
    public ModelSet Models { get; }

    /// <summary>The method's first half.</summary>
    public SpeechReconstituter Reconstituter { get; }

    /// <summary>The emotion block.</summary>
    public IEmotionClassifier Classifier { get; }

    /// <summary>Reads and mixes clips.</summary>
    public ClipAudio Audio { get; }

    /// <summary>The noise that goes with a speech clip: the same at every SNR and in every run, spread evenly over what there is.</summary>
    /// <param name="index">Of the speech clip.</param>
    /// <exception cref="UsageException">There is no noise.</exception>
    public EvaluationClip NoiseFor(int index) => Set.Noise.Count > 0
        ? Set.Noise[(int)((index * 7919L) % Set.Noise.Count)] // a prime: neighbours in a corpus get different noises
        : throw new UsageException("Noise is needed: rows with noisePath alone, or --noise <folder>.");

    /// <summary>Works on many clips side by side; results stand in the order of the clips.</summary>
    public async Task<TResult[]> ForEachAsync<T, TResult>(
        IReadOnlyList<T> items, Func<T, int, CancellationToken, Task<TResult>> body, Action<double> progress, CancellationToken cancellationToken)
    {
        var results = new TResult[items.Count];
        int done = 0;
        await Parallel.ForAsync(0, items.Count, new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellationToken }, async (i, token) =>
        {
            results[i] = await body(items[i], i, token);
            progress(Interlocked.Increment(ref done) / (double)items.Count);
        });
        return results;
    }

    /// <summary>S and x̂ of a clip taken as one segment.</summary>
    public Judgement Judge(float[] samples, CancellationToken cancellationToken) => Judgement.Of(Reconstituter, samples, cancellationToken);
}
