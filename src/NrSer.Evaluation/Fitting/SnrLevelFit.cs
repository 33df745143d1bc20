using System.Diagnostics;
using System.Text.Json.Nodes;
using NrSer.Core.Enhancement;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;
using NrSer.Core.Snr;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Fitting;

/// <summary>
/// Fits the SNR-level block of arXiv 2309.01164 to an enhancer: one dense layer over the similarities of all bins, on the two extremes alone, clean
/// speech = 1 and noise alone = 0. Mean squared error with a penalty on the weights is ridge regression, which has a closed form. The penalty, the
/// gate and the mix range are chosen on speakers and noises of a second split; the report is of a third.
/// </summary>
public sealed class SnrLevelFit : IDisposable
{
    /// <summary>Excerpts of each extreme that is fitted on, at least and where there is time.</summary>
    public const int LeastExcerpts = 10, MostExcerpts = 500;

    private const double HighPassHz = 70; // below voices: DC, rumble and hum say nothing of speech
    private const int Seed = 1; // of the report's bootstrap
    private const int Timed = 2, LeastOfKind = 3;

    private static readonly double[] s_penalties = [.. Enumerable.Range(0, 15).Select(step => Math.Pow(10, -4 + (step / 2.0)))];
    private static readonly double[] s_snrsDb = [.. SnrExperiment.DefaultSnrsDb];

    private readonly ModelEntry _enhancer;
    private readonly ISpeechEnhancer _network;
    private readonly Dictionary<Split, Excerpts> _excerpts;
    private readonly ObservationCache _cache;
    private readonly SnrFeatures _features = new(DenseSnrNetwork.Stft, SimilarityAxis.Bins, HighPassHz);
    private readonly int _threads;
    private int _done;

    /// <param name="enhancer">The enhancer's entry.</param>
    /// <param name="network">The enhancer itself, one thread a call; stays the caller's.</param>
    /// <param name="audio">What to fit on.</param>
    /// <param name="cachePath">Where what was seen is kept for the next run.</param>
    /// <param name="threads">Excerpts at once.</param>
    public SnrLevelFit(ModelEntry enhancer, ISpeechEnhancer network, FittingAudio audio, string cachePath, int threads)
    {
        ArgumentNullException.ThrowIfNull(enhancer);
        (_enhancer, _network, _threads) = (enhancer, network, threads);
        _excerpts = Enum.GetValues<Split>().ToDictionary(split => split, split => new Excerpts(audio, split));
        _cache = new ObservationCache(cachePath, $"{enhancer.Id} {enhancer.Sha256} {enhancer.WeightsSha256} {enhancer.Enhancer} {HighPassHz}");
    }

    /// <summary>How many excerpts a run hears in all.</summary>
    /// <param name="excerpts">Of each extreme that is fitted on.</param>
    public static int CountOf(int excerpts) => Plan(excerpts).Sum(part => part.Count);

    /// <summary>How long an excerpt takes on all threads together, by a few.</summary>
    public async Task<TimeSpan> TimeAsync(CancellationToken cancellationToken)
    {
        Excerpts train = _excerpts[Split.Train];
        Observe(train.Draw(ExcerptKind.Clean, 0), cancellationToken); // once to warm up
        long begun = Stopwatch.GetTimestamp();
        int timed = Timed * _threads;
        await ForEachAsync(timed, i => Observe(train.Draw(ExcerptKind.Clean, i), cancellationToken), cancellationToken).ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(begun) / timed;
    }

    /// <summary>Hears everything, or what of it was not heard before, and fits.</summary>
    /// <param name="excerpts">Of each extreme that is fitted on; the other splits follow.</param>
    /// <param name="progress">Told the share that was heard.</param>
    /// <param name="cancellationToken">Stops; the next run goes on.</param>
    public async Task<FittedSnrLevel> RunAsync(int excerpts, Action<double> progress, CancellationToken cancellationToken)
    {
        _done = 0;
        int all = CountOf(excerpts);
        var heard = new Dictionary<(Split, ExcerptKind), (SnrObservation Seen, Excerpt Of)[]>();
        foreach ((Split split, ExcerptKind kind, int count) in Plan(excerpts))
        {
            var seen = new (SnrObservation, Excerpt)[count];
            await ForEachAsync(count, i =>
            {
                Excerpt excerpt = _excerpts[split].Draw(kind, i);
                seen[i] = (_cache.Get(excerpt, one => Observe(one, cancellationToken)), excerpt with { Samples = [], Clean = null });
                progress(Interlocked.Increment(ref _done) / (double)all);
            }, cancellationToken).ConfigureAwait(false);
            heard[(split, kind)] = seen;
        }

        SnrObservation[] Of(Split split, ExcerptKind kind) => [.. heard[(split, kind)].Select(each => each.Seen)];
        SnrObservation[] clean = Of(Split.Train, ExcerptKind.Clean), noise = Of(Split.Train, ExcerptKind.Noise);
        SnrObservation[] cleanToChoose = Of(Split.Validation, ExcerptKind.Clean), noiseToChoose = Of(Split.Validation, ExcerptKind.Noise);
        var ridge = new RidgeRegression(
            [.. clean.Concat(noise).Select(seen => seen.Similarity)], [.. clean.Select(_ => 1.0), .. noise.Select(_ => 0.0)]);
        double penalty = s_penalties.MinBy(one => Loss(ridge.Solve(one)));
        (double[] Weights, double Bias) block = ridge.Solve(penalty);

        (float least, float? leastDb) = SnrThresholds.Gate(Gated(Of(Split.Validation, new(SnrDb: 0))), Gated(noiseToChoose));
        (float low, float high) = SnrThresholds.MixRange(
            Weighed(cleanToChoose), [.. s_snrsDb.SelectMany(snrDb => Weighed(Of(Split.Validation, new(snrDb))))]);
        var entry = new SnrLevelEntry(least, leastDb, [low, high], SimilarityAxis.Bins, _enhancer.Id, HighPassHz);
        double best = SnrThresholds.Best(Scores(cleanToChoose), Scores(noiseToChoose));

        ScoredTake[] takes = [.. heard.Where(part => part.Key.Item1 == Split.Test)
            .SelectMany(part => part.Value.Select(each => Take(part.Key.Item2, each.Seen, each.Of)))];
        var report = new Report("SNR level, on what was kept back", [_enhancer.Id, "the fitted block"]);
        new SnrReport(entry, s_snrsDb, Seed).AddTo(report, takes, "of 2 to 10 s, drawn");
        return new FittedSnrLevel(
            block, [clean[0].Similarity, noise[0].Similarity, .. Of(Split.Test, ExcerptKind.Clean).Take(2).Select(seen => seen.Similarity)],
            entry, report, Measured());

        double Loss((double[], double) tried) =>
            cleanToChoose.Average(seen => Math.Pow(seen.Score(tried) - 1, 2)) + noiseToChoose.Average(seen => Math.Pow(seen.Score(tried), 2));
        double[] Scores(SnrObservation[] of) => [.. of.Select(seen => seen.Score(block))];
        (double, double)[] Gated(SnrObservation[] of) => [.. of.Select(seen => (seen.Score(block), seen.KeptDb))];
        (double, double)[] Weighed(SnrObservation[] of) => [.. of.Select(seen => (seen.Score(block), seen.BestWeight))];
        ScoredTake Take(ExcerptKind kind, SnrObservation seen, Excerpt of)
        {
            float s = (float)seen.Score(block);
            return new ScoredTake(s, s >= least && (leastDb is null || seen.KeptDb >= leastDb), of.Source.Source, of.Source.Corpus,
                (kind.IsNoise ? of.Source : of.Noise)?.NoiseType ?? "", of.Noise?.Source, kind.SnrDb, kind.IsNoise);
        }

        JsonObject Measured()
        {
            double[] cleanS = Scores(Of(Split.Test, ExcerptKind.Clean)), noiseS = Scores(Of(Split.Test, ExcerptKind.Noise));
            ScoredTake[] Kind(double? snrDb) => [.. takes.Where(take => !take.IsNoiseAlone && take.SnrDb == snrDb)];
            IEnumerable<(string Name, ScoredTake[] Takes)> kinds =
                [.. s_snrsDb.Select(snrDb => ($"{snrDb}dB", Kind(snrDb))), ("clean", Kind(null))];
            return new JsonObject
            {
                ["penalty"] = penalty,
                ["trainingExcerpts"] = clean.Length + noise.Length,
                ["test"] = new JsonObject
                {
                    ["accuracyCleanVersusNoise"] = new JsonObject
                    {
                        ["atBestValidationThreshold"] = Rounded(SnrThresholds.Accuracy(cleanS, noiseS, best)),
                        ["bestValidationThreshold"] = Rounded(best), ["at0.6"] = Rounded(SnrThresholds.Accuracy(cleanS, noiseS, 0.6)),
                    },
                    ["gate"] = new JsonObject
                    {
                        ["noiseRejectedFraction"] = Rounded(takes.Where(take => take.IsNoiseAlone).Average(take => take.IsSpeech ? 0.0 : 1)),
                        ["speechKeptFraction"] = ByKind(kinds, take => take.IsSpeech ? 1 : 0),
                    },
                    ["meanScore"] = ByKind([("noise", [.. takes.Where(take => take.IsNoiseAlone)]), .. kinds], take => take.S),
                    ["excerpts"] = new JsonObject { ["extremesEach"] = cleanS.Length, ["perSnr"] = Kind(0).Length },
                },
            };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    private static JsonObject ByKind(IEnumerable<(string Name, ScoredTake[] Takes)> kinds, Func<ScoredTake, double> value) =>
        new(kinds.Select(kind => KeyValuePair.Create(kind.Name, (JsonNode?)Rounded(kind.Takes.Average(value)))));

    private static double Rounded(double value) => Math.Round(value, 4);

    private static IEnumerable<(Split Split, ExcerptKind Kind, int Count)> Plan(int excerpts)
    {
        int third = Math.Max(LeastOfKind, excerpts / 3), fifth = Math.Max(LeastOfKind, excerpts / 5), eighth = Math.Max(LeastOfKind, excerpts / 8);
        yield return (Split.Train, ExcerptKind.Clean, excerpts);
        yield return (Split.Train, ExcerptKind.Noise, excerpts);
        yield return (Split.Validation, ExcerptKind.Clean, third);
        yield return (Split.Validation, ExcerptKind.Noise, third);
        foreach (double snrDb in s_snrsDb)
            yield return (Split.Validation, new(snrDb), snrDb == 0 ? third : fifth);
        yield return (Split.Test, ExcerptKind.Clean, third);
        yield return (Split.Test, ExcerptKind.Noise, third);
        foreach (double snrDb in s_snrsDb)
            yield return (Split.Test, new(snrDb), eighth);
    }

    private SnrObservation Observe(Excerpt excerpt, CancellationToken cancellationToken)
    {
        float[] enhanced = new float[excerpt.Samples.Length], similarity = new float[DenseSnrNetwork.Features];
        _network.Enhance(excerpt.Samples, enhanced, cancellationToken);
        double keptDb = _features.Compute(excerpt.Samples, enhanced, similarity);
        return new SnrObservation(
            similarity, keptDb, excerpt.Clean is { } clean ? SnrObservation.BestWeightOf(clean, excerpt.Samples, enhanced) : double.NaN);
    }

    private Task ForEachAsync(int count, Action<int> body, CancellationToken cancellationToken) => Parallel.ForAsync(
        0, count, new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellationToken }, (i, _) =>
        {
            body(i);
            return ValueTask.CompletedTask;
        });
}
