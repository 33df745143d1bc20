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
            async (clip, token) =>
            {
                Take[] takes = mixes ? await experiment.TakesAsync(clip, token).ConfigureAwait(false)
                    : [await experiment.PairAsync(clip, token).ConfigureAwait(false)];
                return takes.Select(take => Measure(experiment, clip, take, token)).ToArray();
            },
            progress, cancellationToken).ConfigureAwait(false);
        Measured[] all = [.. measured.SelectMany(clip => clip)];

        Report report = experiment.NewReport("Enhancement", [experiment.Models.EnhancerEntry.Id]);
        string noise = !mixes ? "noisy as given" : experiment.SnrsDb.Count > 0 ? "mixed with noise here" : "without noise";
        report.Notes.Add($"{measured.Length} clips of speech, {noise}; levels measured where something sounds.");
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
                    .Select(group => (group.Key, group.Average(row => row.Gain)))],
                }));
        }

        return report;
    }

    private static Measured Measure(Experiment experiment, EvaluationClip clip, Take take, CancellationToken cancellationToken)
    {
        var enhanced = new float[take.Recording.Length];
        experiment.Reconstituter.Enhance(take.Recording, enhanced, cancellationToken);
        double after = SiSdr.Decibels(take.Clean, enhanced);
        return new Measured(
            take.SnrDb, take.NoiseType, take.NoiseSource, clip.Source,
            // where nothing was added there is nothing to gain
            take.Recording.AsSpan().SequenceEqual(take.Clean) ? double.NaN : after - SiSdr.Decibels(take.Clean, take.Recording), after,
            Stoi.Score(take.Clean, take.Recording, SegmentGrid.SampleRateHz), Stoi.Score(take.Clean, enhanced, SegmentGrid.SampleRateHz));
    }

    private static string[] Row(Experiment experiment, string name, Measured[] rows)
    {
        var bootstrap = new CrossedBootstrap(rows.Select(row => (row.Speaker, row.NoiseSource)), experiment.Seed);
        string Mean(Func<Measured, double> value, string format) => Report.Cell(
            bootstrap.Estimate(items => items.Select(item => value(rows[item])).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average()), format);
        return
        [
            name, $"{rows.Length}",
            Mean(row => row.Gain, "F2"), Mean(row => row.After, "F2"), Mean(row => row.StoiBefore, "F3"),
            Mean(row => row.StoiAfter, "F3"), Mean(row => row.StoiAfter - row.StoiBefore, "F3"),
        ];
    }

    private static string NameOf(double? snrDb) => snrDb is not { } known ? "clean" : double.IsNaN(known) ? "unknown" : $"{known:+0.#;-0.#;0} dB";

    private sealed record Measured(
        double? SnrDb, string NoiseType, string? NoiseSource, string Speaker, double Gain, double After, double StoiBefore, double StoiAfter);
}
