using System.Text.Json;
using System.Text.Json.Nodes;

namespace NrSer.Testing;

/// <summary>Folders of Hugging Face with narrow HuBERTs and wav2vec 2.0s of the public layouts, and random weights.</summary>
public static class SeededHubert
{
    private const int Hidden = 32, Layers = 2, Heads = 4, Inner = 48, Filters = 16, Projected = 24;

    /// <summary>The files of a folder.</summary>
    /// <param name="labels">In the order of the logits.</param>
    /// <param name="kind"><c>hubert</c> or <c>wav2vec2</c>.</param>
    /// <param name="pickled">Whether the checkpoint is PyTorch's, and not safetensors.</param>
    /// <param name="change">Of the configuration, which the checkpoint does not know.</param>
    public static IDictionary<string, byte[]> Files(
        IReadOnlyList<string>? labels = null, string kind = "hubert", bool pickled = false, Action<JsonObject>? change = null)
    {
        labels ??= ["neu", "hap", "ang", "sad"];
        var config = new JsonObject
        {
            ["model_type"] = kind,
            ["architectures"] = new JsonArray(kind == "hubert" ? "HubertForSequenceClassification" : "Wav2Vec2ForSequenceClassification"),
            ["hidden_size"] = Hidden, ["num_hidden_layers"] = Layers, ["num_attention_heads"] = Heads, ["intermediate_size"] = Inner,
            ["conv_dim"] = new JsonArray([.. Enumerable.Repeat(Filters, 7).Select(width => (JsonNode)width)]), ["classifier_proj_size"] = Projected,
            ["use_weighted_layer_sum"] = true, ["torch_dtype"] = "float32",
            ["id2label"] = new JsonObject(labels.Select((label, i) => KeyValuePair.Create($"{i}", (JsonNode?)label))),
        };
        change?.Invoke(config);
        IDictionary<string, long[]> shapes = Shapes(kind, labels.Count);
        return new Dictionary<string, byte[]>
        {
            ["config.json"] = JsonSerializer.SerializeToUtf8Bytes(config),
            ["preprocessor_config.json"] = """{"do_normalize": true, "sampling_rate": 16000}"""u8.ToArray(),
            [pickled ? "pytorch_model.bin" : "model.safetensors"] = pickled ? SeededCheckpoint.PyTorch(shapes) : SeededCheckpoint.Safetensors(shapes),
        };
    }

    /// <summary>What is in its checkpoint.</summary>
    public static IDictionary<string, long[]> Shapes(string kind, int labels)
    {
        var shapes = new Dictionary<string, long[]>
        {
            [$"{kind}.masked_spec_embed"] = [Hidden],
            [$"{kind}.feature_extractor.conv_layers.0.layer_norm.weight"] = [Filters],
            [$"{kind}.feature_extractor.conv_layers.0.layer_norm.bias"] = [Filters],
            [$"{kind}.encoder.pos_conv_embed.conv.weight_g"] = [1, 1, 128],
            [$"{kind}.encoder.pos_conv_embed.conv.weight_v"] = [Hidden, Hidden / 16, 128],
            [$"{kind}.encoder.pos_conv_embed.conv.bias"] = [Hidden],
            ["layer_weights"] = [Layers + 1],
        };
        foreach ((int taps, int i) in new[] { 10, 3, 3, 3, 3, 2, 2 }.Select((taps, i) => (taps, i)))
            shapes[$"{kind}.feature_extractor.conv_layers.{i}.conv.weight"] = [Filters, i == 0 ? 1 : Filters, taps];
        Norm($"{kind}.feature_projection.layer_norm", Filters);
        Linear($"{kind}.feature_projection.projection", Filters, Hidden);
        Norm($"{kind}.encoder.layer_norm", Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            string prefix = $"{kind}.encoder.layers.{layer}";
            foreach (string part in new[] { "k_proj", "v_proj", "q_proj", "out_proj" })
                Linear($"{prefix}.attention.{part}", Hidden, Hidden);
            Linear($"{prefix}.feed_forward.intermediate_dense", Hidden, Inner);
            Linear($"{prefix}.feed_forward.output_dense", Inner, Hidden);
            Norm($"{prefix}.layer_norm", Hidden);
            Norm($"{prefix}.final_layer_norm", Hidden);
        }

        Linear("projector", Hidden, Projected);
        Linear("classifier", Projected, labels);
        return shapes;

        void Norm(string name, long width) => (shapes[$"{name}.weight"], shapes[$"{name}.bias"]) = ([width], [width]);

        void Linear(string name, long given, long made) => (shapes[$"{name}.weight"], shapes[$"{name}.bias"]) = ([made, given], [made]);
    }
}
