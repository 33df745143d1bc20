namespace NrSer.Core.Audio.Levels;

/// <summary>How a recording was levelled, as analysts filter by it.</summary>
/// <param name="PeakDbfs">Its loudest sample in any channel, in dB relative to full scale; null where there is nothing but zeros.</param>
/// <param name="ClippedShare">Samples that stand at its limit with a neighbour, of all: 0 to 1.</param>
/// <param name="BandwidthHz">Up to where it holds sound, at most 8,000; null where there is none.</param>
public sealed record SoundLevels(double? PeakDbfs, double ClippedShare, double? BandwidthHz);
