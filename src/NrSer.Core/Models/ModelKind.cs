namespace NrSer.Core.Models;

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
