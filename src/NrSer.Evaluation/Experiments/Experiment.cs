using NrSer.Core.Audio;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Evaluation.Channels;
using NrSer.Evaluation.Reports;

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

    /// <summary>What lies over everything that is heard; levels of noise are set before it.</summary>
    public Channel Channel { get; init; } = new(ChannelKind.None);

    /// <summary>The chosen models.</summary>
    public ModelSet Models => models;

    /// <summary>The method's first half.</summary>
    public SpeechReconstituter Reconstituter => reconstituter;

    /// <summary>The emotion block.</summary>
    public IEmotionClassifier Classifier => classifier;

    /// <summary>Reads and mixes clips.</summary>
    public ClipAudio Audio { get; } = new(decoder);

    /// <summary>
    /// The noise that goes with a speech clip, by the names of both alone: whatever else is in the set, the same clip is heard in the same noise.
    /// </summary>
    /// <param name="clip">Speech.</param>
    /// <exception cref="EvaluationException">There is no noise.</exception>
    public EvaluationClip NoiseFor(EvaluationClip clip) => // rendezvous hashing: a noise that goes takes only its own clips' away
        Set.Noise.MaxBy(noise => ClipAudio.StableHash($"{clip.File.Name}/{noise.NoiseType}/{noise.File.Name}"))
            ?? throw new EvaluationException("Noise is needed: rows with noisePath alone, or --noise <folder>.");

    /// <summary>A speech clip through the channel: first as it is, then in its noise at every SNR.</summary>
    /// <exception cref="EvaluationException">A file cannot be read.</exception>
    public async Task<Take[]> TakesAsync(EvaluationClip clip, CancellationToken cancellationToken)
    {
        float[] speech = await Audio.ReadAsync(clip.File, cancellationToken).ConfigureAwait(false), clean = Channel.Passed(speech);
        var takes = new List<Take> { new(null, "", null, Recorded(speech, clip), clean) };
        if (SnrsDb.Count == 0)
            return [.. takes];
        EvaluationClip noise = NoiseFor(clip);
        float[] sound = await Audio.ReadAsync(noise.File, cancellationToken).ConfigureAwait(false);
        foreach (double snrDb in SnrsDb)
        {
            float[] mixture = ClipAudio.Mix(speech, sound, snrDb, clip.File.Name);
            takes.Add(new Take(snrDb, noise.NoiseType, noise.Source, Recorded(mixture, clip), clean));
        }

        return [.. takes];
    }

    /// <summary>A pair through the channel.</summary>
    /// <exception cref="EvaluationException">A file cannot be read, or the two do not have the same length.</exception>
    public async Task<Take> PairAsync(EvaluationClip clip, CancellationToken cancellationToken)
    {
        (float[] noisy, float[] clean) = await Audio.ReadPairAsync(clip, cancellationToken).ConfigureAwait(false);
        return new Take(clip.SnrDb ?? double.NaN, clip.NoiseType, clip.Noise?.FullName, Recorded(noisy, clip), Channel.Passed(clean));
    }

    /// <summary>Noise alone, through the channel.</summary>
    /// <exception cref="EvaluationException">It cannot be read.</exception>
    public async Task<float[]> NoiseAsync(EvaluationClip noise, CancellationToken cancellationToken) =>
        Recorded(await Audio.ReadAsync(noise.File, cancellationToken).ConfigureAwait(false), noise);

    /// <summary>A signal as the channel's recording of a clip would hold it.</summary>
    public float[] Recorded(float[] signal, EvaluationClip clip) => Channel.Recorded(signal, ClipAudio.StableHash(clip.File.Name));

    /// <summary>An empty report, which names the channel where there is one.</summary>
    public Report NewReport(string title, IReadOnlyList<string> models)
    {
        var report = new Report(title, models);
        if (Channel.Kind != ChannelKind.None)
            report.Notes.Add($"Channel {Channel.Kind.ToString().ToLowerInvariant()}: {Channel.Describe(Channel.Kind)}; SNRs are those before it.");
        return report;
    }

    /// <summary>Works on many clips side by side; results stand in the order of the clips.</summary>
    public async Task<TResult[]> ForEachAsync<T, TResult>(
        IReadOnlyList<T> items, Func<T, CancellationToken, Task<TResult>> body, Action<double> progress, CancellationToken cancellationToken)
    {
        var results = new TResult[items.Count];
        int done = 0;
        var limits = new ParallelOptions { MaxDegreeOfParallelism = models.Options.EffectiveThreads, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, items.Count, limits, async (i, token) =>
        {
            results[i] = await body(items[i], token).ConfigureAwait(false);
            progress(Interlocked.Increment(ref done) / (double)items.Count);
        }).ConfigureAwait(false);
        return results;
    }

    /// <summary>S and x̂ of a clip taken as one segment.</summary>
    public Judgement Judge(float[] samples, CancellationToken cancellationToken) => Judgement.Of(reconstituter, samples, cancellationToken);
}
