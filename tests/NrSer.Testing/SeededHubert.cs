using System.Text.Json;
using System.Text.Json.Nodes;

namespace NrSer.Testing;

/// <summary>Folders of Hugging Face with HuBERTs and wav2vec 2.0s of the public layouts, narrow unless asked otherwise, and random weights.</summary>
public static class SeededHubert
{
    private static readonly Widths s_narrow = new(Hidden: 32, Layers: 2, Heads: 4, Inner: 48, Filters: 16, Projected: 24);

    /// <summary>HuBERT Base as published.</summary>
    public static Widths Base { get; } = new(Hidden: 768, Layers: 12, Heads: 12, Inner: 3072, Filters: 512, Projected: 256);

    /// <summary>The files of a folder.</summary>
    /// <param name="labels">In the order of the logits.</param>
    /// <param name="kind"><c>hubert</c> or <c>wav2vec2</c>.</param>
    /// <param name="pickled">Whether the checkpoint is PyTorch's, and not safetensors.</param>
    /// <param name="change">Of the configuration, which the checkpoint does not know.</param>
    /// <param name="widths">Of its layers; narrow by default.</param>
    public static IDictionary<string, byte[]> Files(
        IReadOnlyList<string>? labels = null, string kind = "hubert", bool pickled = false, Action<JsonObject>? change = null, Widths? widths = null)
    {
        labels ??= ["neu", "hap", "ang", "sad"];
        widths ??= s_narrow;
        var config = new JsonObject
        {
            ["model_type"] = kind,
            ["architectures"] = new JsonArray(kind == "hubert" ? "HubertForSequenceClassification" : "Wav2Vec2ForSequenceClassification"),
            ["hidden_size"] = widths.Hidden, ["num_hidden_layers"] = widths.Layers, ["num_attention_heads"] = widths.Heads,
            ["intermediate_size"] = widths.Inner, ["classifier_proj_size"] = widths.Projected,
            ["conv_dim"] = new JsonArray([.. Enumerable.Repeat(widths.Filters, 7).Select(width => (JsonNode)width)]),
            ["use_weighted_layer_sum"] = true, ["torch_dtype"] = "float32",
            ["id2label"] = new JsonObject(labels.Select((label, i) => KeyValuePair.Create($"{i}", (JsonNode?)label))),
        };
        change?.Invoke(config);
        IDictionary<string, long[]> shapes = Shapes(kind, labels.Count, widths);
        return new Dictionary<string, byte[]>
        {
            ["config.json"] = JsonSerializer.SerializeToUtf8Bytes(config),
            ["preprocessor_config.json"] = """{"do_normalize": true, "sampling_rate": 16000}"""u8.ToArray(),
            [pickled ? "pytorch_model.bin" : "model.safetensors"] = pickled ? SeededCheckpoint.PyTorch(shapes) : SeededCheckpoint.Safetensors(shapes),
        };
    }

    /// <summary>What is in its checkpoint.</summary>
    public static IDictionary<string, long[]> Shapes(string kind, int labels, Widths? widths = null)
    {
        (int hidden, int layers, _, int inner, int filters, int projected) = widths ?? s_narrow;
        var shapes = new Dictionary<string, long[]>
        {
            [$"{kind}.masked_spec_embed"] = [hidden],
            [$"{kind}.feature_extractor.conv_layers.0.layer_norm.weight"] = [filters],
            [$"{kind}.feature_extractor.conv_layers.0.layer_norm.bias"] = [filters],
            [$"{kind}.encoder.pos_conv_embed.conv.weight_g"] = [1, 1, 128],
            [$"{kind}.encoder.pos_conv_embed.conv.weight_v"] = [hidden, hidden / 16, 128],
            [$"{kind}.encoder.pos_conv_embed.conv.bias"] = [hidden],
            ["layer_weights"] = [layers + 1],
        };
        foreach ((int taps, int i) in new[] { 10, 3, 3, 3, 3, 2, 2 }.Select((taps, i) => (taps, i)))
            shapes[$"{kind}.feature_extractor.conv_layers.{i}.conv.weight"] = [filters, i == 0 ? 1 : filters, taps];
        Norm($"{kind}.feature_projection.layer_norm", filters);
        Linear($"{kind}.feature_projection.projection", filters, hidden);
        Norm($"{kind}.encoder.layer_norm", hidden);
        for (int layer = 0; layer < layers; layer++)
        {
            string prefix = $"{kind}.encoder.layers.{layer}";
            foreach (string part in new[] { "k_proj", "v_proj", "q_proj", "out_proj" })
                Linear($"{prefix}.attention.{part}", hidden, hidden);
            Linear($"{prefix}.feed_forward.intermediate_dense", hidden, inner);
            Linear($"{prefix}.feed_forward.output_dense", inner, hidden);
            Norm($"{prefix}.layer_norm", hidden);
            Norm($"{prefix}.final_layer_norm", hidden);
        }

        Linear("projector", hidden, projected);
        Linear("classifier", projected, labels);
        return shapes;

        void Norm(string name, long width) => (shapes[$"{name}.weight"], shapes[$"{name}.bias"]) = ([width], [width]);

        void Linear(string name, long given, long made) => (shapes[$"{name}.weight"], shapes[$"{name}.bias"]) = ([made, given], [made]);
    }

    /// <summary>Of layers.</summary>
    public sealed record Widths(int Hidden, int Layers, int Heads, int Inner, int Filters, int Projected);
}
