using System.Text.RegularExpressions;

namespace NrSer.Core.Models.Weights;

/// <summary>What EMO/best of yuwchen/NRSER calls its tensors, which are fairseq's names, in those of Hugging Face's HuBERT.</summary>
public static class NrserEmotionNames
{
    private const string Wrapper = "ssl_model.";

    private static readonly (Regex Fairseq, string Layout)[] s_names =
    [
        .. new[]
        {
            (@"feature_extractor\.conv_layers\.(\d+)\.0\.", "feature_extractor.conv_layers.$1.conv."),
            (@"feature_extractor\.conv_layers\.(\d+)\.2\.(1\.)?", "feature_extractor.conv_layers.$1.layer_norm."),
            (@"layer_norm\.", "feature_projection.layer_norm."),
            (@"post_extract_proj\.", "feature_projection.projection."),
            (@"encoder\.pos_conv\.0\.", "encoder.pos_conv_embed.conv."),
            (@"encoder\.layer_norm\.", "encoder.layer_norm."),
            (@"encoder\.layers\.(\d+)\.self_attn\.", "encoder.layers.$1.attention."),
            (@"encoder\.layers\.(\d+)\.self_attn_layer_norm\.", "encoder.layers.$1.layer_norm."),
            (@"encoder\.layers\.(\d+)\.fc1\.", "encoder.layers.$1.feed_forward.intermediate_dense."),
            (@"encoder\.layers\.(\d+)\.fc2\.", "encoder.layers.$1.feed_forward.output_dense."),
            (@"encoder\.layers\.(\d+)\.final_layer_norm\.", "encoder.layers.$1.final_layer_norm."),
        }.Select(pair => (
            new Regex($"^{Regex.Escape(Wrapper)}{pair.Item1}", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant),
            $"hubert.{pair.Item2}")),
    ];

    /// <summary>The categories of its head for them, in order.</summary>
    public static IReadOnlyList<string> Labels { get; } =
        ["angry", "sad", "happy", "surprise", "fear", "disgust", "contempt", "neutral", "other", "noAgreement"];

    /// <summary>Whether a checkpoint is such a one.</summary>
    /// <param name="names">Of its tensors.</param>
    public static bool Fits(IEnumerable<string> names) => names.Any(name => name.StartsWith(Wrapper, StringComparison.Ordinal));

    /// <summary>A name in the layout's words; its own where there are none.</summary>
    /// <param name="name">Fairseq's.</param>
    public static string InLayout(string name)
    {
        foreach ((Regex fairseq, string layout) in s_names)
        {
            if (fairseq.IsMatch(name))
                return fairseq.Replace(name, layout);
        }

        return name;
    }

    /// <summary>Left there by pre-training.</summary>
    /// <param name="name">Fairseq's.</param>
    public static bool IsSpare(string name) => name is $"{Wrapper}mask_emb" or $"{Wrapper}label_embs_concat" or $"{Wrapper}final_proj"
        || name.StartsWith($"{Wrapper}final_proj.", StringComparison.Ordinal);
}
