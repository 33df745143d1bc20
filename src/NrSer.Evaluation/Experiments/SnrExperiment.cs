using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Experiments;

/// <summary>How well S tells clean speech from noise, and how it follows the SNR: the paper's first experiment.</summary>
public static class SnrExperiment
{
    /// <summary>Where speech is mixed unless told otherwise.</summary>
    public static IReadOnlyList<double> DefaultSnrsDb { get; } = [-10, -5, 0, 5, 10, 15, 20, 25, 30];

    /// <summary>Runs it.</summary>
    public static async Task<Report> RunAsync(Experiment experiment, Action<double> progress, CancellationToken cancellationToken)
    {
        EvaluationSet set = experiment.Set;
        ScoredTake[][] bySpeech = await experiment.ForEachAsync(
            set.Speech, (clip, token) => ScoreSpeechAsync(experiment, clip, token), share => progress(0.9 * share), cancellationToken)
                .ConfigureAwait(false);
        ScoredTake[] noise = await experiment.ForEachAsync(
            set.Noise, async (clip, token) => Of(
                experiment.Judge(await experiment.NoiseAsync(clip, token).ConfigureAwait(false), token), clip, clip.NoiseType, null, null),
            share => progress(0.9 + (0.1 * share)), cancellationToken).ConfigureAwait(false);

        Report report = experiment.NewReport("SNR level", [experiment.Models.EnhancerEntry.Id, experiment.Models.SnrLevelEntry.Id]);
        new SnrReport(experiment.Models.SnrLevelEntry.SnrLevel!, experiment.SnrsDb, experiment.Seed)
            .AddTo(report, [.. bySpeech.SelectMany(scores => scores), .. noise], "of up to 30 s", experiment.Models.Screen?.Enhancer.Id);
        return report;
    }

    private static async Task<ScoredTake[]> ScoreSpeechAsync(Experiment experiment, EvaluationClip clip, CancellationToken cancellationToken)
    {
        Take[] takes = await experiment.TakesAsync(clip, cancellationToken).ConfigureAwait(false);
        return [.. takes.Select(take => Of(experiment.Judge(take.Recording, cancellationToken), clip, take.NoiseType, take.NoiseSource, take.SnrDb))];
    }

    private static ScoredTake Of(Judgement judged, EvaluationClip clip, string noiseType, string? noiseSource, double? snrDb) =>
        new(judged.Score.Value, judged.IsSpeech, clip.Source, clip.Corpus, noiseType, noiseSource, snrDb, clip.IsNoiseOnly, judged.IsScreened);
}
