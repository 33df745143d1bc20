namespace NrSer.Core.Models;

/// <summary>What an SNR-level block knows about its own scale.</summary>
/// <param name="NoiseThreshold">Below this score a segment holds no speech; chosen on validation data with noisy speech.</param>
public sealed record SnrLevelEntry(float NoiseThreshold);
