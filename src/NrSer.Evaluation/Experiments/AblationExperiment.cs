using NrSer.Evaluation.Metrics;
using NrSer.Evaluation.Reports;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;

namespace NrSer.Evaluation.Experiments;

/// <summary>What each part of the method is good for: original, enhanced, reconstituted and the best possible mix, from clean to very
/// noisy.</summary>
public static class AblationExperiment
{
    /// <summary>Where speech is mixed unless told otherwise.</summary>
    public static IReadOnlyList<double> DefaultSnrsDb { get; } = [-5, 0, 5, 10, 20];

    private const double ChangingSnrDb = 0; // of the noisy third of a recording whose SNR changes
    private const int ChangingRecordings = 40;
    private const int ChangingPartSamples = 10 * SegmentGrid.SampleRateHz; // as long as the longest segment, so that each part has one of its own

    /// <summary>Runs it.</summary>
    /// <param name="experiment">What to run on.</param>
    /// <param name="armCatalog">A catalogue with a classifier for each arm; null when all share the experiment's.</param>
    /// <param name="progress">Receives the share done.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<Report> RunAsync(Experiment experiment, FileInfo? armCatalog, Action<double> progress,
        CancellationToken cancellationToken)
    {
        if (armCatalog is null)
            return await RunAsync(experiment, AblationArm.All(_ => experiment.Classifier), sameClassifier: true, progress, cancellationToken)
                .ConfigureAwait(false);
        ModelCatalog catalog = ModelCatalog.Load(armCatalog.FullName);
        var models = new List<OnnxModel>();
        try
        {
            AblationArm[] all = AblationArm.All(name =>
            {
                models.Add(OnnxModel.Load(catalog, catalog.Choose(ModelKind.Emotion, name), experiment.Models.Options));
                return new OnnxEmotionClassifier(models[^1]);
            });
            return await RunAsync(experiment, all, sameClassifier: false, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            models.ForEach(model => model.Dispose());
        }
    }

    private static async Task<Report> RunAsync(Experiment experiment, AblationArm[] arms, bool sameClassifier, Action<double> progress,
        CancellationToken cancellationToken)
    {
        EvaluationClip[] speech =
            [.. experiment.Set.Speech.Where(clip => clip.Ratings is not null || experiment.Classifier.Labels.Contains(clip.Label))];
        if (speech.Length == 0)
            throw new EvaluationException($"No clip carries a label that the model knows: {string.Join(", ", experiment.Classifier.Labels)}.");
        Prediction[][][] heard = await experiment.ForEachAsync(
            speech, (clip, token) => HearAsync(experiment, arms, clip, token), share => progress(0.85 * share), cancellationToken)
                .ConfigureAwait(false);
        EvaluationClip[] noise = [.. experiment.Set.Noise.Where(clip => !EvaluationClip.IsOfVoices(clip.NoiseType))];
        double[] passes = await experiment.ForEachAsync(
            noise, async (clip, token) =>
                experiment.Judge(await experiment.NoiseAsync(clip, token).ConfigureAwait(false), token).IsSpeech ? 1.0 : 0,
            share => progress(0.85 + (0.1 * share)), cancellationToken).ConfigureAwait(false);

        Report report = experiment.NewReport("Ablation", [experiment.Models.EnhancerEntry.Id, experiment.Models.SnrLevelEntry.Id,
            .. arms.Select(arm => $"{arm.Name}: {(sameClassifier ? experiment.Models.EmotionEntry.Id : arm.Name)}")]);
        report.Notes.Add(
            $"{speech.Length} clips of speech, {passes.Length} of noise alone. "
            + "Every arm hears the same mixtures; the gate is not applied to speech.");
        if (sameClassifier)
            report.Notes.Add(
                "All arms share the default classifier, which was trained for one of them: give --arms for classifiers trained alike for each.");

        double?[] conditions = [null, .. experiment.SnrsDb.Reverse().Select(snr => (double?)snr)];
        int labels = experiment.Classifier.Labels.Count;
        var results = new Dictionary<string, Prediction[]>(StringComparer.Ordinal); // arm → items, condition by condition in one order for all arms
        for (int arm = 0; arm < arms.Length; arm++)
            results[arms[arm].Name] = [.. heard.SelectMany(clip => clip[arm])];

        report.Tables.Add(Table("UAR", item => item.Actual >= 0, (items, drawn) => Prediction.Recall(items, drawn, labels)));
        report.Tables.Add(Table("macro-F1", item => item.Actual >= 0, (items, drawn) => Prediction.F1(items, drawn, labels)));
        foreach (var attribute in Prediction.Attributes)
        {
            if (results[AblationArm.NrSer].Any(item => item.Ratings is not null && item.Estimate.Arousal is not null))
                report.Tables.Add(Table($"CCC {attribute.Name}", item => item.Ratings is not null,
                    (items, drawn) => Prediction.Concordance(items, drawn, attribute)));
        }

        report.Tables.Add(new ReportTable("Paired differences in UAR", ["condition", "nrser − original", "nrser − enhanced", "oracle − nrser"],
            [.. conditions.Select(condition => (string[])
        [
            NameOf(condition), Report.Cell(Difference(AblationArm.NrSer, AblationArm.Original, condition), Report.DifferenceFormat),
            Report.Cell(Difference(AblationArm.NrSer, AblationArm.Enhanced, condition), Report.DifferenceFormat),
            Report.Cell(Difference(AblationArm.Oracle, AblationArm.NrSer, condition), Report.DifferenceFormat),
        ])]));
        report.Claims.Add(Claim.AtLeast("Clean: NRSER is at most one point of UAR below the original",
            Difference(AblationArm.NrSer, AblationArm.Original, null), -0.01));
        report.Claims.Add(Claim.AtLeast("Clean: NRSER is not below enhancement alone", Difference(AblationArm.NrSer, AblationArm.Enhanced, null), 0));
        if (experiment.SnrsDb.Any(snr => snr is >= 0 and <= 10))
            report.Claims.Add(Claim.Above("0 to 10 dB: NRSER is above the original", Difference(AblationArm.NrSer, AblationArm.Original, 0, 10), 0));
        if (passes.Length > 0)
        {
            Interval emotional = new CrossedBootstrap(noise.Select(clip => (clip.Source, (string?)null)), experiment.Seed)
                .Estimate(drawn => drawn.Average(i => passes[i]));
            report.Claims.Add(Claim.AtMost("Noise alone: at most one clip in ten gets an emotion", emotional, 0.1));
            report.Tables.Add(new ReportTable("Noise alone: share that gets an emotion", ["arm", "share"],
                [["nrser", Report.Cell(emotional)], ["the others, which have no gate", "1.000"]]));
            if (await ChangingAsync(experiment, speech, progress, cancellationToken).ConfigureAwait(false) is { } changing)
                report.Tables.Add(changing);
        }

        report.Charts.Add(new ReportChart("ablation-uar", "UAR by SNR", "SNR in dB", "UAR", arms.ToDictionary(
            arm => arm.Name,
            arm => experiment.SnrsDb.Select(snr => (snr, Recall(arm.Name, snr))).ToArray(), StringComparer.Ordinal)));
        return report;

        ReportTable Table(string figure, Func<Prediction, bool> counts, Func<Prediction[], int[], double> statistic) =>
            new(figure, ["condition", .. arms.Select(arm => arm.Name)],
            [.. conditions.Select(condition => (string[])[NameOf(condition), .. arms.Select(arm =>
            {
                Prediction[] items = [.. results[arm.Name].Where(item => item.SnrDb == condition && counts(item))];
                return Report.Cell(Bootstrap(items).Estimate(drawn => statistic(items, drawn)));
            })])]);

        Interval Difference(string better, string worse, double? low, double? high = null)
        {
            bool Counts(Prediction item) => item.Actual >= 0 && (high is null ? item.SnrDb == low : item.SnrDb >= low && item.SnrDb <= high);
            Prediction[] a = [.. results[better].Where(Counts)], b = [.. results[worse].Where(Counts)];
            return Bootstrap(a).Estimate(drawn => Prediction.Recall(a, drawn, labels) - Prediction.Recall(b, drawn, labels));
        }

        double Recall(string arm, double snrDb)
        {
            Prediction[] items = [.. results[arm].Where(item => item.SnrDb == snrDb && item.Actual >= 0)];
            return Prediction.Recall(items, [.. Enumerable.Range(0, items.Length)], labels);
        }

        CrossedBootstrap Bootstrap(Prediction[] items) => new(items.Select(item => (item.Speaker, item.NoiseSource)), experiment.Seed);
    }

    /// <summary>Per arm: the clip as recorded, then at each SNR.</summary>
    private static async Task<Prediction[][]> HearAsync(Experiment experiment, AblationArm[] arms, EvaluationClip clip,
        CancellationToken cancellationToken)
    {
        Take[] takes = await experiment.TakesAsync(clip, cancellationToken).ConfigureAwait(false);
        Judgement[] judged = [.. takes.Select(take => experiment.Judge(take.Recording, cancellationToken))];
        return [.. arms.Select(arm => takes.Zip(judged, (take, found) =>
            Prediction.Of(arm.Classifier, clip, take, found.Mixed(arm.Weight(found, take.Clean)))).ToArray())];
    }

    /// <summary>
    /// Three parts of speech, the middle one noisy: does S follow, and does a weight per segment help over one for all? Null without enough speech.
    /// </summary>
    private static async Task<ReportTable?> ChangingAsync(Experiment experiment, EvaluationClip[] speech, Action<double> progress,
        CancellationToken cancellationToken)
    {
        EvaluationClip[][][] recordings = await PartsAsync(experiment, speech, cancellationToken).ConfigureAwait(false);
        if (recordings.Length == 0)
            return null;
        Changing[] found = await experiment.ForEachAsync(recordings, (parts, token) => ChangeAsync(experiment, parts, token),
            share => progress(0.95 + (0.05 * share)), cancellationToken).ConfigureAwait(false);
        string Mean(Func<Changing, double> value, string format) =>
            Report.Cell(found.Select(value).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average(), format);
        return new ReportTable(
            $"SNR changing inside a recording: clean, {ChangingSnrDb} dB, clean, each 10 s or longer ({found.Length} recordings)", ["what", "value"],
            [
                ["mean S of segments in the clean parts", Mean(row => row.CleanScore, "F3")],
                ["mean S of segments in the noisy part", Mean(row => row.NoisyScore, "F3")],
                ["SI-SDR of x in dB", Mean(row => row.Original, "F2")],
                ["SI-SDR of x̂ in dB", Mean(row => row.Enhanced, "F2")],
                ["SI-SDR of y in dB, one weight for all", Mean(row => row.OneWeight, "F2")],
                ["SI-SDR of y in dB, a weight per segment", Mean(row => row.ManyWeights, "F2")],
            ]);
    }

    /// <summary>Recordings to be joined, three parts of clips each, in the order of the clips: the parts last 10 s or a little longer.</summary>
    private static async Task<EvaluationClip[][][]> PartsAsync(Experiment experiment, EvaluationClip[] speech, CancellationToken cancellationToken)
    {
        var parts = new List<EvaluationClip[]>();
        var part = new List<EvaluationClip>();
        int samples = 0;
        foreach (EvaluationClip clip in speech)
        {
            part.Add(clip);
            samples += (await experiment.Audio.ReadAsync(clip.File, cancellationToken).ConfigureAwait(false)).Length;
            if (samples < ChangingPartSamples)
                continue;
            parts.Add([.. part]);
            if (parts.Count == 3 * ChangingRecordings)
                break;
            part.Clear();
            samples = 0;
        }

        return [.. parts.Chunk(3).Where(three => three.Length == 3)];
    }

    private static async Task<Changing> ChangeAsync(Experiment experiment, EvaluationClip[][] clips, CancellationToken cancellationToken)
    {
        var parts = new float[clips.Length][];
        for (int i = 0; i < clips.Length; i++)
        {
            var joined = new List<float>();
            foreach (EvaluationClip clip in clips[i])
            {
                float[] samples = await experiment.Audio.ReadAsync(clip.File, cancellationToken).ConfigureAwait(false);
                // one speaker must not drown another
                float gain = (float)(0.05 / Math.Sqrt(Math.Max(NoiseMixing.ActivePower(samples), 1e-12)));
                joined.AddRange(samples.Select(value => gain * value));
            }

            parts[i] = [.. joined];
        }

        EvaluationClip named = clips[1][0];
        float[] noise = await experiment.Audio.ReadAsync(experiment.NoiseFor(named).File, cancellationToken).ConfigureAwait(false);
        float[] clean = experiment.Channel.Passed([.. parts.SelectMany(part => part)]);
        float[] noisy = experiment.Recorded([.. parts[0], .. ClipAudio.Mix(parts[1], noise, ChangingSnrDb, named.File.Name), .. parts[2]], named);
        Judgement whole = experiment.Judge(noisy, cancellationToken);
        using ReconstitutedChunk mixed = experiment.Reconstituter.Reconstitute(noisy, wholeAsOne: false, cancellationToken);

        int from = parts[0].Length, to = from + parts[1].Length;
        bool IsNoisy(SegmentSpan span) => span.StartSample + (span.Samples / 2) >= from && span.StartSample + (span.Samples / 2) < to;
        double MeanScore(bool inNoise) => mixed.Segments.Where(segment => IsNoisy(segment.Span) == inNoise)
            .Select(segment => (double)segment.Score.Value).DefaultIfEmpty(double.NaN).Average();
        return new Changing(
            MeanScore(inNoise: false), MeanScore(inNoise: true), SiSdr.Decibels(clean, noisy), SiSdr.Decibels(clean, whole.Enhanced),
            SiSdr.Decibels(clean, whole.Mixed(whole.Weight)), SiSdr.Decibels(clean, mixed.Audio.Span));
    }

    private static string NameOf(double? snrDb) => snrDb is { } level ? $"{level:+0.#;-0.#;0} dB" : "clean";

    private sealed record Changing(double CleanScore, double NoisyScore, double Original, double Enhanced, double OneWeight, double ManyWeights);
}
