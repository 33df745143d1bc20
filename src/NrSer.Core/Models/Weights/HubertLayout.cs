namespace NrSer.Core.Models.Weights;

/// <summary>
/// HuBERT (arXiv 2106.07447) and wav2vec 2.0 (arXiv 2006.11477), which share an architecture, with a head for categories: Hugging Face's
/// HubertForSequenceClassification and Wav2Vec2ForSequenceClassification of any size; or NRSER's emotion block, with four heads.
/// </summary>
public sealed class HubertLayout
{
    private const string Wav2Vec = "wav2vec2.";

    private readonly HubertConfiguration _configuration;
    private readonly bool _normalises, _isNrser;
    private readonly IReadOnlyList<string> _outputs;

    private HubertLayout(HubertConfiguration configuration, bool normalises, bool isNrser = false)
    {
        _configuration = configuration;
        (_normalises, _isNrser) = (normalises, isNrser);
        _outputs = isNrser ? NrserEmotionNames.Labels
            : [.. Enumerable.Range(0, configuration.Labels!.Count).Select(i => configuration.Labels[i.ToString()])];
    }

    /// <summary>Samples that one frame sees, and thus the shortest input.</summary>
    public const int MinimumSamples = 400;

    /// <summary>Categories in the order of the logits, as the model's makers call them; none where it rates alone.</summary>
    public IReadOnlyList<string> Labels => _configuration.Rates ? [] : _outputs;

    /// <summary>What it rates, in the order of its outputs; nothing where it knows categories alone.</summary>
    public IReadOnlyList<string> Ratings => _isNrser ? HubertConfiguration.RatingNames : _configuration.Rates ? _outputs : [];

    /// <summary>Lowest and highest rating, as far as that is known: NRSER's are MSP-Podcast's.</summary>
    public (int Lowest, int Highest)? RatingRange => _isNrser ? (1, 7) : null;

    /// <summary>Shortest and longest input that it was trained on, in seconds, where its configuration says so.</summary>
    public (double Shortest, double Longest)? TrainedSeconds => _configuration.TrainedSeconds;

    /// <summary>Reads off the shapes of NRSER's emotion block, EMO/best, what network it is of.</summary>
    /// <param name="checkpoint">The file.</param>
    /// <exception cref="ModelException">It is none.</exception>
    public static HubertLayout ReadNrser(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return new HubertLayout(HubertConfiguration.OfNrser(checkpoint), normalises: false, isNrser: true);
    }

    /// <summary>Reads what a folder says of its model.</summary>
    /// <param name="configPath">config.json.</param>
    /// <param name="preprocessorPath">preprocessor_config.json, or null.</param>
    /// <exception cref="ModelException">It is of another kind, or says what is not known here.</exception>
    public static HubertLayout Read(string configPath, string? preprocessorPath) =>
        new(HubertConfiguration.Read(configPath), HubertConfiguration.Normalises(preprocessorPath));

    /// <summary>Makes an ONNX network of a checkpoint.</summary>
    /// <param name="checkpoint">model.safetensors or pytorch_model.bin.</param>
    /// <param name="skeletons">Folder of the networks without weights.</param>
    /// <param name="onnxPath">Receives the graph.</param>
    /// <param name="weightsPath">Receives its weights; in the same folder.</param>
    /// <returns>SHA-256 of the weights' file.</returns>
    /// <exception cref="ModelException">The checkpoint does not fit the configuration, or is damaged.</exception>
    public string Assemble(Checkpoint checkpoint, string skeletons, string onnxPath, string weightsPath)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        HubertConfiguration c = _configuration;
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in checkpoint.Tensors.Keys)
        {
            if (!names.TryAdd(_isNrser ? NrserEmotionNames.InLayout(name) : LayoutName(name), name))
                throw new ModelException($"{checkpoint.Path} has {name} twice, under an older and a newer name.");
        }

        using var assembly = new NetworkAssembly(skeletons, checkpoint, name => names.GetValueOrDefault(name, name), new Dictionary<string, long>
        {
            ["hidden_size"] = c.HiddenSize,
            ["intermediate_size"] = c.IntermediateSize,
            ["conv_dim"] = c.ConvDim[0],
            ["classifier_proj_size"] = c.ClassifierProjSize,
            ["labels"] = _outputs.Count,
            ["states"] = c.NumHiddenLayers + 1,
            ["group_size"] = c.HiddenSize / c.NumConvPosEmbeddingGroups,
        }, weightsPath);
        string? x = _normalises ? assembly.Add("hubert/normalise", "", input: null)[0] : null;
        x = assembly.Add($"hubert/features-{c.FeatExtractNorm}", "hubert.feature_extractor.", x, c.ConvBias ? null : NoBiases(c))[0];
        x = assembly.Add("hubert/projection", "hubert.feature_projection.", x)[0];
        x = assembly.Add("hubert/positions", "hubert.encoder.", x)[0];
        const string Norm = "hubert/norm", NormPrefix = "hubert.encoder.layer_norm.";
        if (!c.DoStableLayerNorm)
            x = assembly.Add(Norm, NormPrefix, x)[0];
        var attention = new Dictionary<string, WeightValues>
        {
            ["attention.heads"] = WeightValues.Of(0, 0, c.NumAttentionHeads, -1),
            ["attention.scale"] = WeightValues.Of((float)Math.Pow(c.HiddenSize / c.NumAttentionHeads, -0.5)),
        };
        string? sum = null;
        for (int layer = 0; layer < c.NumHiddenLayers; layer++)
        {
            AddShare(layer);
            x = assembly.Add($"hubert/layer-{(c.DoStableLayerNorm ? "stable" : "post")}", $"hubert.encoder.layers.{layer}.", x, attention)[0];
        }

        if (c.DoStableLayerNorm)
            x = assembly.Add(Norm, NormPrefix, x)[0];
        AddShare(c.NumHiddenLayers);
        string head = _isNrser ? "hubert/head-nrser" : names.ContainsKey("classifier.out_proj.weight") ? "hubert/head-dense" : "hubert/head-labels";
        string[] outputs = assembly.Add(head, "", sum ?? x);
        return assembly.Finish(onnxPath, head, outputs, _isNrser ? NrserEmotionNames.IsSpare : IsSpare);

        void AddShare(int state)
        {
            if (c.UseWeightedLayerSum)
            {
                var which = new Dictionary<string, WeightValues> { ["index"] = WeightValues.Of(state) };
                sum = assembly.Sum(sum, assembly.Add("hubert/share", "", x, which)[0]);
            }
        }
    }

    /// <summary>Of Base, whose convolutions have none.</summary>
    private static Dictionary<string, WeightValues> NoBiases(HubertConfiguration c) => c.ConvDim
        .Select((width, i) => (Name: $"conv_layers.{i}.conv.bias", Values: new WeightValues([width], new float[width])))
        .ToDictionary(each => each.Name, each => each.Values, StringComparer.Ordinal);

    /// <summary>wav2vec 2.0 has its own first word; newer PyTorch calls the parts of a normed weight by number.</summary>
    private static string LayoutName(string name) => (name.StartsWith(Wav2Vec, StringComparison.Ordinal) ? $"hubert.{name[Wav2Vec.Length..]}" : name)
        .Replace(".parametrizations.weight.original0", ".weight_g", StringComparison.Ordinal)
        .Replace(".parametrizations.weight.original1", ".weight_v", StringComparison.Ordinal);

    /// <summary>Used in training only.</summary>
    private static bool IsSpare(string name) => LayoutName(name) == "hubert.masked_spec_embed";
}
