using NrSer.Evaluation.Metrics;
using NrSer.Evaluation.Reports;
using NrSer.Core.Segmentation;

namespace NrSer.Evaluation.Experiments;

/// <summary>What enhancement gains in noise, and what it costs clean speech.</summary>
public static class EnhancementExperiment
{
    /// <summary>Where speech is mixed unless told otherwise.</summary>
    public static IReadOnlyList<double> DefaultSnrsDb { get; } = [-5, 0, 5, 10];

    /// <summary>Runs it on pairs as they are, or else on mixtures of speech and noise.</summary>
    public static async Task<Report> RunAsync(Experiment experiment, Action<double> progress, CancellationToken cancellationToken)
    {
        EvaluationSet set = experiment.Set;
        bool mixes = set.Pairs.Count == 0;
        Measured[][] measured = await experiment.ForEachAsync(
            mixes ? set.Speech : set.Pairs,
            (clip, index, token) => mixes ? MeasureMixturesAsync(experiment, clip, index, token) : MeasurePairAsync(experiment, clip, token),
            progress, cancellationToken).ConfigureAwait(false);
        Measured[] all = [.. measured.SelectMany(clip => clip)];

        var report = new Report("Enhancement", [experiment.Models.EnhancerEntry.Id]);
        report.Notes.Add(
            $"{measured.Length} clips of speech, {(mixes ? "mixed with noise here" : "noisy as given")}; levels measured where something sounds.");
        report.Tables.Add(new ReportTable(
            "By SNR", ["SNR", "clips", "SI-SDR gain in dB", "SI-SDR of the output in dB", "STOI before", "STOI after", "STOI gain"],
            [.. all.GroupBy(row => row.SnrDb).OrderBy(group => group.Key ?? double.MaxValue)
                .Select(group => Row(experiment, NameOf(group.Key), [.. group]))]));
        Measured[] noisy = [.. all.Where(row => row.SnrDb is not null)];
        if (noisy.Length > 0)
        {
            report.Tables.Add(new ReportTable(
                "By noise, all SNRs", ["noise", "clips", "SI-SDR gain in dB", "SI-SDR of the output in dB", "STOI before", "STOI after", "STOI gain"],
                [.. noisy.GroupBy(row => row.NoiseType, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group => Row(experiment, group.Key, [.. group]))]));
            report.Charts.Add(new ReportChart("enhancement-gain", "SI-SDR gain by SNR", "SNR in dB", "gain in dB",
                new Dictionary<string, (double, double)[]>(StringComparer.Ordinal)
                {
                    ["gain"] = [.. noisy.GroupBy(row => row.SnrDb!.Value).OrderBy(group => group.Key)
                    .Select(group => (group.Key, group.Average(row => row.After - row.Before)))],
                }));
        }

        return report;
    }

    private static async Task<Measured[]> MeasureMixturesAsync(Experiment experiment, EvaluationClip clip, int index,
        CancellationToken cancellationToken)
    {
        float[] speech = await experiment.Audio.ReadAsync(clip.File, cancellationToken).ConfigureAwait(false);
        EvaluationClip noise = experiment.NoiseFor(index);
        float[] sound = await experiment.Audio.ReadAsync(noise.File, cancellationToken).ConfigureAwait(false);
        var rows = new List<Measured> { Measure(experiment, clip, "", snrDb: null, speech, speech, cancellationToken) };
        foreach (double snrDb in experiment.SnrsDb)
            rows.Add(
                Measure(experiment, clip, noise.NoiseType, snrDb, ClipAudio.Mix(speech, sound, snrDb, clip.File.Name), speech, cancellationToken));
        return [.. rows];
    }

    private static async Task<Measured[]> MeasurePairAsync(Experiment experiment, EvaluationClip clip, CancellationToken cancellationToken)
    {
        (float[] noisy, float[] clean) = await experiment.Audio.ReadPairAsync(clip, cancellationToken).ConfigureAwait(false);
        return [Measure(experiment, clip, clip.NoiseType, clip.SnrDb ?? double.NaN, noisy, clean, cancellationToken)];
    }

    private static Measured Measure(
        Experiment experiment, EvaluationClip clip, string noiseType, double? snrDb, float[] noisy, float[] clean,
        CancellationToken cancellationToken)
    {
        var enhanced = new float[noisy.Length];
        experiment.Reconstituter.Enhance(noisy, enhanced, cancellationToken);
        return new Measured(
            snrDb, noiseType, clip.Speaker, SiSdr.Decibels(clean, noisy), SiSdr.Decibels(clean, enhanced),
            Stoi.Score(clean, noisy, SegmentGrid.SampleRateHz), Stoi.Score(clean, enhanced, SegmentGrid.SampleRateHz));
    }

    private static string[] Row(Experiment experiment, string name, Measured[] rows)
    {
        var bootstrap = new SpeakerBootstrap(rows.Select(row => row.Speaker), experiment.Seed);
        string Mean(Func<Measured, double> value, string format) => Report.Cell(
            bootstrap.Estimate(items => items.Select(item => value(rows[item])).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average()), format);
        return
        [
            name, $"{rows.Length}",
            Mean(row => row.SnrDb is null ? double.NaN : row.After - row.Before, "F2"), // without noise there is nothing to gain
            Mean(row => row.After, "F2"), Mean(row => row.StoiBefore, "F3"),
            Mean(row => row.StoiAfter, "F3"), Mean(row => row.StoiAfter - row.StoiBefore, "F3"),
        ];
    }

    private static string NameOf(double? snrDb) => snrDb is not { } known ? "clean" : double.IsNaN(known) ? "unknown" : $"{known:+0.#;-0.#;0} dB";

    private sealed record Measured(double? SnrDb, string NoiseType, string Speaker, double Before, double After, double StoiBefore, double StoiAfter);
}
