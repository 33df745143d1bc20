namespace NrSer.Core.Snr;

/// <summary>S, what the SNR-level block says of a segment, raw: near 0 for noise only, near 1 for clean speech, unbounded.</summary>
/// <param name="Value">S; rises with the signal-to-noise ratio but is no level in dB.</param>
public readonly record struct SnrScore(float Value);
