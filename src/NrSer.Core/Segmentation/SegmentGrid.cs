using NrSer.Core.Audio;

namespace NrSer.Core.Segmentation;

/// <summary>The raster that all cuts lie on: lengths repeat, so segments can be batched without padding.</summary>
public static class SegmentGrid
{
    /// <summary>The only rate of the method: that of speech as it is read.</summary>
    public const int SampleRateHz = SpeechReader.SampleRateHz;

    /// <summary>0.25 s, the step between possible cuts.</summary>
    public const int StepSamples = SampleRateHz / 4;

    /// <summary>2 s, the shortest segment, unless a whole recording is shorter.</summary>
    public const int MinSteps = 8;

    /// <summary>10 s, the longest segment.</summary>
    public const int MaxSteps = 40;

    /// <summary>0.5 s: anything shorter says nothing of a voice.</summary>
    public const int ShortestSamples = SampleRateHz / 2;
}
