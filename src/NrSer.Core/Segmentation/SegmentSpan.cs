namespace NrSer.Core.Segmentation;

/// <summary>A stretch of one chunk, the unit of prediction.</summary>
/// <param name="StartSample">First sample, counted from the chunk's start.</param>
/// <param name="Samples">Length, a multiple of <see cref="SegmentGrid.StepSamples"/>.</param>
public readonly record struct SegmentSpan(int StartSample, int Samples);
