using System.Security.Cryptography;
using System.Text.Json.Nodes;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;
using NrSer.Core.Segmentation;
using NrSer.Evaluation.Fitting;

namespace NrSer.Cli.Models;

/// <summary>Catalogue entries of networks that are made here.</summary>
internal static class InstalledEntry
{
    /// <summary>What public models call emotions: whole words, and the first three letters of IEMOCAP.</summary>
    private static readonly Dictionary<string, string[]> s_words = new(StringComparer.Ordinal)
    {
        ["neutral"] = ["neutral", "neu", "neutrality", "calm", "calmness"],
        ["happy"] = ["happy", "hap", "happiness", "joy", "joyful", "excited", "exc", "excitement"],
        ["sad"] = ["sad", "sadness"],
        ["angry"] = ["angry", "ang", "anger"],
        ["fear"] = ["fear", "fea", "fearful", "fearfulness", "afraid", "anxiety"],
        ["disgust"] = ["disgust", "dis", "disgusted"],
        ["surprise"] = ["surprise", "sur", "surprised", "pleasantsurprise", "ps"],
        ["contempt"] = ["contempt", "con"],
        ["other"] = ["other", "oth", "others", "frustrated", "fru", "frustration"],
    };

    private const int SampleRateHz = SegmentGrid.SampleRateHz;

    private static readonly string[] s_none = ["unknown", "xxx", "noagreement", "unk"];

    /// <summary>What CMGAN's entry says of itself.</summary>
    public static JsonObject OfCmgan()
    {
        JsonArray Shape() => new(1, 2, CmganLayout.Frames, CmganLayout.Bins);
        return new JsonObject
        {
            ["kind"] = "enhancer",
            ["inputs"] = Tensors(("spectrogram", Shape())),
            ["outputs"] = Tensors(("enhanced", Shape())),
            ["stft"] = Framing(CmganLayout.FftSamples, CmganLayout.HopSamples),
            ["enhancer"] = new JsonObject { ["compression"] = 0.3, ["blockSamples"] = CmganLayout.BlockSamples, ["overlapSamples"] = 0 },
            ["trainingData"] = Data(("VoiceBank+DEMAND (Valentini-Botinhao 2017)", "CC-BY-4.0")),
        };
    }

    /// <summary>What an entry of HuBERT or wav2vec 2.0 says of itself.</summary>
    /// <param name="layout">The network.</param>
    /// <param name="source">What the user says of it.</param>
    /// <exception cref="UsageException">A label is not known, and nobody says what it stands for.</exception>
    public static JsonObject OfHubert(HubertLayout layout, ModelSource source)
    {
        IReadOnlyDictionary<string, string?> vocabulary = source.Vocabulary;
        if (vocabulary.Keys.FirstOrDefault(label => !layout.Labels.Contains(label, StringComparer.Ordinal)) is { } stray)
            throw new UsageException($"The model has no label '{stray}'; it has {string.Join(", ", layout.Labels)}.");
        var meaning = new JsonObject();
        foreach (string label in layout.Labels)
        {
            string? name = vocabulary.TryGetValue(label, out string? said) ? said : Known(label);
            if (name != label)
                meaning[label] = name;
        }

        var emotion = new JsonObject
        {
            ["labels"] = new JsonArray([.. layout.Labels.Select(label => (JsonNode)label)]),
            ["attributes"] = new JsonArray(), ["attributeRange"] = new JsonArray(), ["minimumSamples"] = HubertLayout.MinimumSamples,
        };
        if (layout.Ratings.Count > 0)
        {
            (double lowest, double highest) = source.Scale ?? layout.RatingRange ?? (0, 1); // as public models of MSP-Podcast have it
            emotion["attributes"] = new JsonArray([.. layout.Ratings.Select(rating => (JsonNode)rating)]);
            emotion["attributeRange"] = new JsonArray(lowest, highest);
        }
        else if (source.Scale is not null)
        {
            throw new UsageException("The model rates nothing: --scale is for arousal, valence and dominance.");
        }

        if ((source.TrainedSeconds ?? layout.TrainedSeconds) is { } trained)
            emotion["trainedSamples"] = new JsonArray([.. TrainedSamples(trained).Select(samples => (JsonNode)samples)]);
        if (meaning.Count > 0)
            emotion["vocabulary"] = meaning;
        bool hasBoth = layout.Labels.Count > 0 && layout.Ratings.Count > 0;
        (string, JsonArray) first = ("logits", new JsonArray("batch", layout.Labels.Count > 0 ? layout.Labels.Count : layout.Ratings.Count));
        return new JsonObject
        {
            ["kind"] = "emotion",
            ["inputs"] = Tensors(("input_values", new JsonArray("batch", "samples"))),
            ["outputs"] = hasBoth ? Tensors(first, ("attributes", new JsonArray("batch", layout.Ratings.Count))) : Tensors(first),
            ["emotion"] = emotion,
            ["trainingData"] = new JsonArray(),
        };
    }

    /// <summary>Lengths that a network was trained on, in samples: none shorter than it can hear.</summary>
    public static IEnumerable<int> TrainedSamples((double Shortest, double Longest) seconds) =>
        new[] { seconds.Shortest, seconds.Longest }.Select(each => Math.Max(HubertLayout.MinimumSamples, (int)Math.Round(each * SampleRateHz)));

    /// <summary>What the entry of NRSER's SNR-level block says of itself.</summary>
    /// <param name="enhancer">The enhancer it belongs to, <c>name@version</c>.</param>
    public static JsonObject OfNrserSnr(string enhancer) => new()
    {
        ["kind"] = "snrLevel",
        ["inputs"] = Tensors(("similarity", new JsonArray("batch", "frames", 2))),
        ["outputs"] = Tensors(("score", new JsonArray("batch"))),
        ["stft"] = Framing(DenseSnrNetwork.Stft.FftSamples, DenseSnrNetwork.Stft.HopSamples),
        ["snrLevel"] = new JsonObject { ["noiseThreshold"] = 0.6, ["similarity"] = "frames", ["enhancer"] = enhancer }, // the paper's
        ["trainingData"] = Data(
            ("MSP-Podcast 1.11 (Lotfian and Busso 2019)", "academic, by agreement"), ("AudioSet (Gemmeke et al. 2017)", "not stated")),
    };

    /// <summary>The entry of an SNR-level block that was fitted here.</summary>
    /// <param name="fitted">The block.</param>
    /// <param name="name">What it shall be called.</param>
    /// <param name="onnxPath">Its file.</param>
    /// <param name="recordings">What it was fitted on, as the user names it.</param>
    public static JsonObject OfSnrLevel(FittedSnrLevel fitted, string name, string onnxPath, IReadOnlyList<string> recordings)
    {
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(onnxPath))), stem = $"{name}-{sha256[..12]}";
        SnrLevelEntry block = fitted.Entry;
        return new JsonObject
        {
            ["kind"] = "snrLevel", ["name"] = name, ["version"] = sha256[..12], ["quality"] = "demonstration",
            ["file"] = $"{stem}.onnx", ["sha256"] = sha256, ["fixture"] = $"{stem}.fixture.json", ["sampleRateHz"] = SampleRateHz,
            ["inputs"] = Tensors((DenseSnrNetwork.Input, new JsonArray("batch", DenseSnrNetwork.Features))),
            ["outputs"] = Tensors((DenseSnrNetwork.Output, new JsonArray("batch"))),
            ["stft"] = Framing(DenseSnrNetwork.Stft.FftSamples, DenseSnrNetwork.Stft.HopSamples),
            ["snrLevel"] = new JsonObject
            {
                ["noiseThreshold"] = block.NoiseThreshold, ["keptEnergyThresholdDb"] = block.KeptEnergyThresholdDb,
                ["mixRange"] = new JsonArray([.. block.MixRange!.Select(score => (JsonNode)score)]), ["enhancer"] = block.Enhancer,
                ["highPassHz"] = block.HighPassHz,
            },
            ["licence"] = "that of the recordings", ["source"] = "nrser models fit-snr",
            ["trainingData"] = Data(
                [.. recordings.Select(recording => (Path.GetFileName(Path.TrimEndingDirectorySeparator(recording)), "not stated"))]),
            ["measured"] = fitted.Measured,
        };
    }

    /// <summary>What all entries have.</summary>
    public static JsonObject Complete(
        JsonObject details, ModelSource source, string name, string version, string stem, string onnxPath, string weightsSha256,
        IReadOnlyDictionary<string, string> filesSha256)
    {
        JsonObject entry = details;
        entry["name"] = name;
        entry["version"] = version;
        entry["quality"] = "demonstration"; // until somebody who measured it says otherwise
        entry["file"] = $"{stem}.onnx";
        entry["sha256"] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(onnxPath)));
        entry["weights"] = $"{stem}.weights";
        entry["weightsSha256"] = weightsSha256;
        entry["fixture"] = $"{stem}.fixture.json";
        entry["sampleRateHz"] = SampleRateHz;
        entry["licence"] = source.Licence;
        entry["source"] = source.Revision is null ? source.Source : $"{source.Source} at {source.Revision}";
        entry["measured"] = new ModelOrigin(source.Id, source.Revision, filesSha256).ToMeasured();
        return entry;
    }

    private static string? Known(string label)
    {
        string word = string.Concat(label.Where(char.IsLetter)).ToLowerInvariant();
        if (s_none.Contains(word))
            return null;
        return s_words.FirstOrDefault(pair => pair.Value.Contains(word)).Key ?? throw new UsageException(
            $"The model's label '{label}' is not known: say which of {string.Join(", ", EmotionVocabulary.Names)} it stands for, --label {label}=…, "
            + $"or leave it out, --label {label}=none.");
    }

    private static JsonArray Tensors(params (string Name, JsonArray Shape)[] tensors) => new(
        [.. tensors.Select(tensor => new JsonObject { ["name"] = tensor.Name, ["type"] = "float32", ["shape"] = tensor.Shape })]);

    private static JsonObject Framing(int fftSamples, int hopSamples) =>
        new() { ["fftSamples"] = fftSamples, ["hopSamples"] = hopSamples, ["window"] = "hamming" };

    private static JsonArray Data(params (string Name, string Licence)[] corpora) => new(
        [.. corpora.Select(corpus => new JsonObject { ["name"] = corpus.Name, ["licence"] = corpus.Licence })]);
}
