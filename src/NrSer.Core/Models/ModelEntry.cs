using System.Text.Json;
using NrSer.Core.Signal;

namespace NrSer.Core.Models;

/// <summary>One model as <c>models/catalog.json</c> describes it. Loading checks file, hash, names and shapes against it.</summary>
public sealed record ModelEntry
{
    /// <summary>What options and result rows call it.</summary>
    public required string Name { get; init; }

    /// <summary>Changes with every change of the weights.</summary>
    public required string Version { get; init; }

    /// <summary>The slot it fits.</summary>
    public required ModelKind Kind { get; init; }

    /// <summary><c>demonstration</c> or <c>production</c>: what its results may be used for.</summary>
    public required string Quality { get; init; }

    /// <summary>The ONNX file, relative to the catalogue.</summary>
    public required string File { get; init; }

    /// <summary>SHA-256 of the file, lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The file of the weights that the ONNX file refers to, in the same folder; null where it holds them itself.</summary>
    public string? Weights { get; init; }

    /// <summary>SHA-256 of <see cref="Weights"/>, lower-case hex.</summary>
    public string? WeightsSha256 { get; init; }

    /// <summary>The only rate the method knows is 16,000 Hz.</summary>
    public required int SampleRateHz { get; init; }

    /// <summary>Inputs in the order the port gives them.</summary>
    public required IReadOnlyList<TensorEntry> Inputs { get; init; }

    /// <summary>Outputs in the order the port reads them.</summary>
    public required IReadOnlyList<TensorEntry> Outputs { get; init; }

    /// <summary>The framing that enhancers and SNR-level blocks were trained with; null for emotion models.</summary>
    public StftParameters? Stft { get; init; }

    /// <summary>Of enhancers only.</summary>
    public EnhancerEntry? Enhancer { get; init; }

    /// <summary>Of SNR-level blocks only.</summary>
    public SnrLevelEntry? SnrLevel { get; init; }

    /// <summary>Of emotion models only.</summary>
    public EmotionEntry? Emotion { get; init; }

    /// <summary>Licence of the weights.</summary>
    public required string Licence { get; init; }

    /// <summary>Where the weights come from.</summary>
    public required string Source { get; init; }

    /// <summary>Where the file can be downloaded; null where it comes with the catalogue.</summary>
    public Uri? Url { get; init; }

    /// <summary>What its products with weights run in.</summary>
    public ModelPrecision Precision { get; init; }

    /// <summary>Inputs with the outputs that the reference computed for them, relative to the catalogue; null for none.</summary>
    public string? Fixture { get; init; }

    /// <summary>What they were trained on, each with its licence.</summary>
    public required IReadOnlyList<TrainingDataEntry> TrainingData { get; init; }

    /// <summary>Figures that the training or conversion measured, as it wrote them.</summary>
    public required JsonElement Measured { get; init; }

    /// <summary>Name and version in one, as result rows carry it.</summary>
    public string Id => $"{Name}@{Version}";
}

/// <summary>The three slots of the method.</summary>
public enum ModelKind
{
    /// <summary>Speech enhancement: compressed spectrogram in and out.</summary>
    Enhancer,

    /// <summary>402 similarities in, the SNR score out.</summary>
    SnrLevel,

    /// <summary>Waveform in, category logits and attributes out.</summary>
    Emotion,
}

/// <summary>What a network's products with weights run in.</summary>
public enum ModelPrecision
{
    /// <summary>IEEE 754, 32 bits.</summary>
    Full,

    /// <summary>
    /// Eight bits, scaled by what is heard: right only on a processor that adds up such products in 32 bits, and for one segment at a time.
    /// </summary>
    EightBit,
}

/// <summary>A corpus behind a model.</summary>
/// <param name="Name">As it is cited.</param>
/// <param name="Licence">Its licence, or the plain statement that none is given.</param>
public sealed record TrainingDataEntry(string Name, string Licence);
