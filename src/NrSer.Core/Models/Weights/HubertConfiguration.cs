using System.Text.Json;
using System.Text.Json.Serialization;

namespace NrSer.Core.Models.Weights;

/// <summary>What config.json of a Hugging Face folder says of a HuBERT or wav2vec 2.0; the defaults are those of HuBERT Base.</summary>
/// <remarks>Properties are set, not initialised, since the generated reader would put nothing in place of what a file leaves out.</remarks>
internal sealed record HubertConfiguration
{
    private static readonly string[] s_heads = ["ForSequenceClassification", "ForSpeechClassification"];

    /// <summary>What can be rated.</summary>
    public static IReadOnlyList<string> RatingNames { get; } = ["arousal", "valence", "dominance"];

    public string ModelType { get; set; } = "";

    public int HiddenSize { get; set; } = 768;

    public int NumHiddenLayers { get; set; } = 12;

    public int NumAttentionHeads { get; set; } = 12;

    public int IntermediateSize { get; set; } = 3072;

    public IReadOnlyList<int> ConvDim { get; set; } = [512, 512, 512, 512, 512, 512, 512];

    public IReadOnlyList<int> ConvKernel { get; set; } = [10, 3, 3, 3, 3, 2, 2];

    public IReadOnlyList<int> ConvStride { get; set; } = [5, 2, 2, 2, 2, 2, 2];

    public bool ConvBias { get; set; }

    public string FeatExtractNorm { get; set; } = "group";

    public string FeatExtractActivation { get; set; } = "gelu";

    public bool FeatProjLayerNorm { get; set; } = true;

    public string HiddenAct { get; set; } = "gelu";

    public int NumConvPosEmbeddings { get; set; } = 128;

    public int NumConvPosEmbeddingGroups { get; set; } = 16;

    public bool ConvPosBatchNorm { get; set; }

    public bool DoStableLayerNorm { get; set; }

    public double LayerNormEps { get; set; } = 1e-5;

    public bool UseWeightedLayerSum { get; set; }

    public int ClassifierProjSize { get; set; } = 256;

    public bool AddAdapter { get; set; }

    public int? AdapterAttnDim { get; set; }

    public IReadOnlyList<string>? Architectures { get; set; }

    public string? ProblemType { get; set; }

    public string? PoolingMode { get; set; }

    /// <summary>What transformers' own training scripts call the longest input, in seconds: of classification, and of recognition.</summary>
    public double? MaxLengthSeconds { get; set; }

    public double? MaxDurationInSeconds { get; set; }

    public double? MinDurationInSeconds { get; set; }

    [JsonPropertyName("id2label")] public IReadOnlyDictionary<string, string>? Labels { get; set; }

    /// <summary>Whether its outputs are ratings, as their names say, and no categories.</summary>
    [JsonIgnore] public bool Rates => Labels is { Count: > 0 } && Labels.Values.All(label => RatingNames.Contains(label, StringComparer.Ordinal));

    /// <summary>Shortest and longest input that it was trained on, where it says so.</summary>
    [JsonIgnore]
    public (double Shortest, double Longest)? TrainedSeconds =>
        (MaxLengthSeconds ?? MaxDurationInSeconds) is { } longest ? (MinDurationInSeconds ?? 0, longest) : null;

    /// <summary>Reads a config.json.</summary>
    /// <exception cref="ModelException">It is none, or of a network that is not known here.</exception>
    public static HubertConfiguration Read(string path)
    {
        HubertConfiguration found = Json(path, WeightsJsonContext.Default.HubertConfiguration);
        found.Check(path);
        return found;
    }

    /// <summary>What the shapes of NRSER's emotion block say; those of Base and Large differ in their norms.</summary>
    /// <exception cref="ModelException">It is none.</exception>
    public static HubertConfiguration OfNrser(Checkpoint checkpoint)
    {
        const int HeadWidth = 64; // in HuBERT Base, Large and X-Large alike
        Dictionary<string, IReadOnlyList<long>> shapes = checkpoint.Tensors.Values.GroupBy(tensor => NrserEmotionNames.InLayout(tensor.Name))
            .ToDictionary(group => group.Key, group => group.First().Shape, StringComparer.Ordinal);
        int Axis(string name, int ranks, int axis) => shapes.TryGetValue(name, out IReadOnlyList<long>? shape) && shape.Count == ranks
            && shape[axis] is > 0 and <= 65536
            ? (int)shape[axis]
            : throw new ModelException($"{checkpoint.Path} is no emotion block of NRSER: {name}, as Hugging Face calls it, does not fit.");
        int Count(string stem, string end) => Enumerable.Range(0, 256).TakeWhile(i => shapes.ContainsKey($"{stem}{i}.{end}")).Count();
        int width = Axis("hubert.encoder.pos_conv_embed.conv.weight_v", 3, 0);
        bool isLarge = shapes.ContainsKey("hubert.feature_extractor.conv_layers.1.layer_norm.weight");
        int filters = Count("hubert.feature_extractor.conv_layers.", "conv.weight");
        var found = new HubertConfiguration
        {
            ModelType = "hubert", HiddenSize = width, NumAttentionHeads = Math.Max(1, width / HeadWidth),
            NumHiddenLayers = Count("hubert.encoder.layers.", "layer_norm.weight"),
            IntermediateSize = Axis("hubert.encoder.layers.0.feed_forward.intermediate_dense.weight", 2, 0),
            ConvDim = [.. Enumerable.Range(0, filters).Select(i => Axis($"hubert.feature_extractor.conv_layers.{i}.conv.weight", 3, 0))],
            ConvKernel = [.. Enumerable.Range(0, filters).Select(i => Axis($"hubert.feature_extractor.conv_layers.{i}.conv.weight", 3, 2))],
            ConvBias = shapes.ContainsKey("hubert.feature_extractor.conv_layers.0.conv.bias"),
            FeatExtractNorm = isLarge ? "layer" : "group", DoStableLayerNorm = isLarge,
            NumConvPosEmbeddings = Axis("hubert.encoder.pos_conv_embed.conv.weight_v", 3, 2),
            NumConvPosEmbeddingGroups = Math.Max(1, width / Axis("hubert.encoder.pos_conv_embed.conv.weight_v", 3, 1)),
            Labels = NrserEmotionNames.Labels.Select((label, i) => (label, i)).ToDictionary(each => $"{each.i}", each => each.label),
        };
        found.Check(checkpoint.Path);
        return found;
    }

    /// <summary>Whether preprocessor_config.json says that the input is brought to mean 0 and variance 1, as it is unless told otherwise.</summary>
    public static bool Normalises(string? preprocessorPath) =>
        preprocessorPath is null || Json(preprocessorPath, WeightsJsonContext.Default.Preprocessor).DoNormalize;

    private static T Json<T>(string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, type) ?? throw new JsonException("It is empty.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelException($"{path} cannot be read: {error.Message}", error);
        }
    }

    private void Check(string path)
    {
        Only(ModelType is "hubert" or "wav2vec2", "model_type", ModelType, "hubert and wav2vec2");
        Only(
            Architectures is null or [] || Architectures is [{ } first] && s_heads.Any(head => first.EndsWith(head, StringComparison.Ordinal)),
            "architectures", string.Join(", ", Architectures ?? []),
            string.Join(", ", s_heads.SelectMany(head => new[] { $"Hubert{head}", $"Wav2Vec2{head}" })));
        Only(PoolingMode is null or "mean", "pooling_mode", PoolingMode, "mean");
        Only(HiddenAct == "gelu", "hidden_act", HiddenAct, "gelu");
        Only(FeatExtractActivation == "gelu", "feat_extract_activation", FeatExtractActivation, "gelu");
        Only(FeatProjLayerNorm, "feat_proj_layer_norm", FeatProjLayerNorm, "true");
        Only(!ConvPosBatchNorm, "conv_pos_batch_norm", ConvPosBatchNorm, "false");
        Only(!AddAdapter, "add_adapter", AddAdapter, "false");
        Only(AdapterAttnDim is null, "adapter_attn_dim", AdapterAttnDim, "none");
        Only(LayerNormEps is > 0.99e-5 and < 1.01e-5, "layer_norm_eps", LayerNormEps, "1e-5");
        Only(FeatExtractNorm is "group" or "layer", "feat_extract_norm", FeatExtractNorm, "group and layer");
        Only(ConvKernel.SequenceEqual([10, 3, 3, 3, 3, 2, 2]), "conv_kernel", string.Join(' ', ConvKernel), "10 3 3 3 3 2 2");
        Only(ConvStride.SequenceEqual([5, 2, 2, 2, 2, 2, 2]), "conv_stride", string.Join(' ', ConvStride), "5 2 2 2 2 2 2");
        Only(ConvDim.Count == 7 && ConvDim.Distinct().Count() == 1 && ConvDim[0] is > 0 and <= 4096, "conv_dim", string.Join(' ', ConvDim),
            "seven alike");
        Only(NumConvPosEmbeddings == 128, "num_conv_pos_embeddings", NumConvPosEmbeddings, "128");
        Only(NumConvPosEmbeddingGroups == 16, "num_conv_pos_embedding_groups", NumConvPosEmbeddingGroups, "16");
        Only(NumHiddenLayers is > 0 and <= 256, "num_hidden_layers", NumHiddenLayers, "1 to 256");
        Only(HiddenSize is > 0 and <= 16384 && HiddenSize % 16 == 0, "hidden_size", HiddenSize, "multiples of 16");
        Only(NumAttentionHeads > 0 && HiddenSize % NumAttentionHeads == 0, "num_attention_heads", NumAttentionHeads, "divisors of hidden_size");
        Only(IntermediateSize is > 0 and <= 65536, "intermediate_size", IntermediateSize, "1 to 65536");
        Only(ClassifierProjSize is > 0 and <= 65536, "classifier_proj_size", ClassifierProjSize, "1 to 65536");
        Only(
            Labels is { Count: >= 2 and <= 256 } && Enumerable.Range(0, Labels.Count).All(i => IsLabel(Labels.GetValueOrDefault(i.ToString()))),
            "id2label", Labels is null ? "nothing" : $"{Labels.Count} labels", "two or more labels, numbered from 0");
        Only(
            TrainedSeconds is not ({ } shortest, { } longest) || (shortest >= 0 && longest is >= 0.1 and <= 3600 && shortest <= longest),
            "max_length_seconds", TrainedSeconds, "0.1 to 3600, and no less than min_duration_in_seconds");
        string kind = Rates ? "regression" : "single_label_classification";
        Only(ProblemType is null || ProblemType == kind, "problem_type", ProblemType, kind);

        static bool IsLabel(string? text) => text is { Length: > 0 and <= 64 } && !text.Any(char.IsControl);

        void Only(bool holds, string name, object? value, string known)
        {
            if (!holds)
                throw new ModelException($"{path} has {name} = {value}; known here: {known}.");
        }
    }
}

/// <summary>preprocessor_config.json.</summary>
internal sealed record Preprocessor(bool DoNormalize = true);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowTrailingCommas = true)]
[JsonSerializable(typeof(HubertConfiguration))]
[JsonSerializable(typeof(Preprocessor))]
internal sealed partial class WeightsJsonContext : JsonSerializerContext;
