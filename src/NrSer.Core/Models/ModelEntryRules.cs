using NrSer.Core.Segmentation;
using NrSer.Core.Signal;

namespace NrSer.Core.Models;

/// <summary>What has to hold of a catalogue entry before its network is looked at.</summary>
internal static class ModelEntryRules
{
    /// <summary>Checks an entry.</summary>
    /// <exception cref="ModelException">It does not hold; the message says what.</exception>
    public static void Check(ModelEntry entry)
    {
        Require(entry.SampleRateHz == SegmentGrid.SampleRateHz,
            $"its sample rate is {entry.SampleRateHz} Hz; the method runs at {SegmentGrid.SampleRateHz}");
        Require(entry.Quality is "demonstration" or "production", "its quality is neither demonstration nor production");
        Require(!entry.Inputs.Contains(null!) && !entry.Outputs.Contains(null!), "an input or output is empty");
        Require(entry.Inputs.Concat(entry.Outputs).All(tensor => tensor.Type == "float32"), "its tensors must be float32");
        Require(entry.Inputs.Concat(entry.Outputs).All(tensor => tensor.HasValidShape), "the axes of a shape are whole numbers, or words where free");
        Require(entry.Inputs.Count == 1 || entry.Kind is ModelKind.Enhancer or ModelKind.SnrLevel, "it must have one input");
        Require(entry.Weights is null == entry.WeightsSha256 is null, "'weights' and 'weightsSha256' belong together");
        if (entry.Stft is not null)
            CheckStft(entry.Stft);
        switch (entry.Kind)
        {
            case ModelKind.Enhancer:
                Require(entry is { Stft: not null, Enhancer: not null }, "an enhancer needs 'stft' and 'enhancer'");
                CheckEnhancer(entry.Enhancer!, entry.Stft!);
                break;
            case ModelKind.SnrLevel:
                Require(entry is { Stft: not null, SnrLevel: not null }, "an SNR-level block needs 'stft' and 'snrLevel'");
                CheckSnrLevel(entry.SnrLevel!, entry.Stft!);
                break;
            case ModelKind.Emotion:
                Require(entry.Emotion is not null, "an emotion model needs 'emotion'");
                Require(!entry.Emotion!.Labels.Contains(null!) && !entry.Emotion.Attributes.Contains(null!), "a label or attribute is empty");
                CheckVocabulary(entry.Emotion);
                Require(Enum.IsDefined(entry.Emotion.Trust), "its rule for trust is unknown");
                Require(
                    entry.Emotion.Trust == TrustRule.Calibrated
                        ? entry.Emotion.TrustLine is [> 0, var offset] && float.IsFinite(entry.Emotion.TrustLine[0] + offset)
                        : entry.Emotion.TrustLine is null,
                    "\"trustLine\", a slope above 0 and an offset, belongs to calibrated trust, and to it alone");
                Require(entry.Emotion.Temperature is null or (> 0 and < float.PositiveInfinity), "its temperature must be above 0");
                Require(
                    entry.Emotion.TrainedSamples is not { } trained || (trained is [> 0, var longest] && trained[0] <= longest
                        && longest >= entry.Emotion.MinimumSamples),
                    "what it was trained on is a shortest and a longest length in samples, the latter not below its minimum");
                Require(entry.Emotion.ReportableAbove is >= 0 and <= 1, "what it calls reportable must lie in [0, 1], as trust does");
                bool hasLabels = entry.Emotion.Labels.Count > 0, hasRatings = entry.Emotion.Attributes.Count > 0;
                Require(
                    entry.Outputs.Count == (hasLabels ? 1 : 0) + (hasRatings ? 1 : 0),
                    "outputs are logits where it has labels, and attributes where it has any");
                Require(
                    entry.Emotion.Attributes.Count == 0 || entry.Emotion.AttributeRange is [var lowest, var highest] && lowest < highest,
                    "the attribute range is its lowest and its highest rating");
                Require(
                    entry.Emotion.MinimumSamples is >= 1 and <= SegmentGrid.ShortestSamples,
                    $"its minimum samples must lie in [1, {SegmentGrid.ShortestSamples}], the shortest segment");
                RequireShape(entry.Inputs[0], TensorEntry.Free, TensorEntry.Free);
                if (hasLabels)
                    RequireShape(entry.Outputs[0], TensorEntry.Free, entry.Emotion.Labels.Count);
                if (hasRatings)
                    RequireShape(entry.Outputs[^1], TensorEntry.Free, entry.Emotion.Attributes.Count);
                break;
            default:
                Require(false, "its kind is unknown");
                break;
        }

        void CheckEnhancer(EnhancerEntry enhancer, StftParameters stft)
        {
            Require(enhancer.Compression is > 0 and <= 1, "its compression must lie in (0, 1]");
            Require(
                enhancer.Rms is null or (> 0 and < float.PositiveInfinity),
                "the level that it hears must be above 0, or null for that of the recording");
            Require(enhancer.BlockSamples > stft.FftSamples, "its blocks must be longer than a frame");
            Require(enhancer.BlockSamples % stft.HopSamples == 0, "its blocks must be whole hops, or their ends are not covered by frames");
            Require(
                enhancer.OverlapSamples >= 0 && enhancer.OverlapSamples <= enhancer.BlockSamples / 2,
                "its blocks may overlap by half their length at most");
            IReadOnlyList<SpectrogramAxis> axes = enhancer.Order;
            Require(
                axes.Distinct().Count() == axes.Count && axes.All(Enum.IsDefined)
                    && axes.Contains(SpectrogramAxis.Frames) && axes.Contains(SpectrogramAxis.Bins),
                "its axes are frames and bins, and where it has them batch and part, each once");
            int tensors = axes.Contains(SpectrogramAxis.Part) ? 1 : 2, states = enhancer.StateCount;
            string what = tensors == 1 ? "one tensor" : "two tensors, real and imaginary parts (there is no axis 'part'),";
            Require(
                entry.Inputs.Count == tensors + states && entry.Outputs.Count == tensors + states,
                $"it has {what} and {states} states each way, but {entry.Inputs.Count} inputs and {entry.Outputs.Count} outputs");
            Require(
                enhancer.FramesPerRun is null or >= 1 && stft.FramesOf(enhancer.BlockSamples) % (enhancer.FramesPerRun ?? 1) == 0,
                $"the {stft.FramesOf(enhancer.BlockSamples)} frames of a block do not divide by those of a run");
            int[] shape = enhancer.ShapeOf(enhancer.FramesPerRun ?? stft.FramesOf(enhancer.BlockSamples), stft.Bins);
            foreach (TensorEntry tensor in entry.Inputs.Take(tensors).Concat(entry.Outputs.Take(tensors)))
                RequireShape(tensor, shape);
            for (int i = 0; i < states; i++)
            {
                TensorEntry from = entry.Outputs[tensors + i], to = entry.Inputs[tensors + i];
                Require(enhancer.States![i] is [var given, var made] && given == to.Name && made == from.Name,
                    $"its states are pairs of an input and the output that follows it, in the order of both: ['{to.Name}', '{from.Name}']");
                Require(!to.Axes().Contains(TensorEntry.Free) && to.Axes().AsSpan().SequenceEqual(from.Axes()),
                    $"the state '{to.Name}' has no fixed shape, or another than '{from.Name}'");
            }
        }

        void CheckSnrLevel(SnrLevelEntry block, StftParameters stft)
        {
            Require(stft.FftSamples < 2 * SegmentGrid.ShortestSamples, "half a frame must be shorter than the shortest segment");
            Require(
                block.MixRange is null || block.MixRange is [var enhanced, var original] && enhanced < original
                    && float.IsFinite(original - enhanced),
                "its mix range is the score up to which the mix is enhanced, and the higher one from which it is the original");
            Require(
                block.Enhancer.Split('@') is [{ Length: > 0 }, { Length: > 0 }],
                "it does not name the enhancer it was trained with: \"enhancer\": \"name@version\" in 'snrLevel'");
            Require(
                block.HighPassHz is null or (> 0 and < SegmentGrid.SampleRateHz / 2.0),
                $"the frequency from which it hears must lie between 0 and {SegmentGrid.SampleRateHz / 2} Hz");
            int tensors = block.SpeechThreshold is null ? 1 : 2;
            string what = tensors == 1
                ? "an SNR-level block without \"speechThreshold\" has one input, similarities, and one output, S,"
                : "an SNR-level block with \"speechThreshold\" has two inputs, similarities and power, and two outputs, S and log-odds of speech,";
            Require(
                entry.Inputs.Count == tensors && entry.Outputs.Count == tensors,
                $"{what} but this has {entry.Inputs.Count} inputs and {entry.Outputs.Count} outputs");
            if (block.SpeechThreshold is { } leastLogOdds)
            {
                Require(float.IsFinite(leastLogOdds), "its threshold of speech, log-odds, must be finite");
                Require(block.Similarity == SimilarityAxis.Bins, "\"speechThreshold\" is for blocks that hear similarities by bin");
                Require(MeanPower.FramesOf(stft.FramesOf(SegmentGrid.ShortestSamples)) > 0, "its power needs four frames in the shortest segment");
                RequireShape(entry.Inputs[1], 1, 2, TensorEntry.Free, stft.Bins);
                RequireShape(entry.Outputs[1], 1);
            }

            if (block.Similarity == SimilarityAxis.Bins)
                RequireShape(entry.Inputs[0], 1, 2 * stft.Bins);
            else
                RequireShape(entry.Inputs[0], 1, TensorEntry.Free, 2);
            RequireShape(entry.Outputs[0], 1);
        }

        void CheckStft(StftParameters stft)
        {
            Require(stft.FftSamples is >= 8 and <= 65536, $"its frames of {stft.FftSamples} samples do not lie in [8, 65536]");
            try
            {
                _ = new Stft(stft);
            }
            catch (ArgumentException error)
            {
                throw new ModelException($"The catalogue entry '{entry.Name}' is not valid: {error.Message}", error);
            }
        }

        // Columns of results are the vocabulary's: what a label means must be said.
        void CheckVocabulary(EmotionEntry emotion)
        {
            if (emotion.Labels.Count == 0)
            {
                Require(emotion.Attributes.Count > 0 && emotion.Vocabulary is null, "an emotion model has labels, or attributes, or both");
                return;
            }

            string names = string.Join(", ", EmotionVocabulary.Names);
            for (int i = 0; i < emotion.Labels.Count; i++)
            {
                string label = emotion.Labels[i];
                Require(
                    emotion.Emotions[i] is not { } name || EmotionVocabulary.Names.Contains(name),
                    $"its label '{label}' is none of {names}; say which it stands for: "
                    + $"\"vocabulary\": {{ \"{label}\": \"…\" }}, or null to leave it out");
            }

            string? twice = emotion.Labels.GroupBy(label => label, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1)?.Key;
            Require(twice is null, $"two of its labels are called '{twice}'");
            Require(
                emotion.Emotions.OfType<string>().Distinct(StringComparer.Ordinal).Count() >= 2,
                "an emotion model needs at least two labels of different emotions");
            string? stray = emotion.Vocabulary?.Keys.FirstOrDefault(label => !emotion.Labels.Contains(label));
            Require(stray is null, $"its vocabulary speaks of '{stray}', which is none of its labels");
        }

        // What the port will feed or read: a fixed axis of the network has to be just that long, a free one takes anything.
        void RequireShape(TensorEntry tensor, params ReadOnlySpan<int> used)
        {
            int[] axes = tensor.Axes();
            bool fits = axes.Length == used.Length;
            for (int i = 0; fits && i < axes.Length; i++)
                fits = axes[i] == TensorEntry.Free || axes[i] == used[i];
            Require(fits,
                $"'{tensor.Name}' has shape [{string.Join(", ", axes)}] and is used with [{string.Join(", ", used.ToArray())}] (-1 is free)");
        }

        void Require(bool holds, string complaint)
        {
            if (!holds)
                throw new ModelException($"The catalogue entry '{entry.Name}' is not valid: {complaint}.");
        }
    }
}
