namespace NrSer.Core.Snr;

/// <summary>What an SNR-level block found in a segment: what its gate goes by.</summary>
/// <param name="Score">S.</param>
/// <param name="KeptDb"><see cref="KeptEnergy"/> in dB, NaN of silence.</param>
/// <param name="SpeechLogOdds">ln(p / (1 − p)) of the probability p that somebody speaks; null where the block does not tell.</param>
public readonly record struct SegmentEvidence(SnrScore Score, double KeptDb, float? SpeechLogOdds = null);
