using NrSer.Core.Signal;

namespace NrSer.Core.Segmentation;

/// <summary>Cuts a chunk into segments of 2–10 s at the pauses of the enhanced signal.</summary>
/// <remarks>
/// All ways to cut are weighed at once by dynamic programming: a cut costs what can be heard there, a segment its distance from the
/// target length. Segments follow one another without gaps; less than 0.25 s may stay uncovered at the chunk's end.
/// </remarks>
public static class Segmenter
{
    private const double QuietestDbfs = -70; // quieter is as good as silent: every pause down there is equal
    private const double DbPerLengthCost = 20; // cutting 20 dB above the quietest pause is as bad as missing the target by its own length

    /// <summary>The segments of a chunk.</summary>
    /// <param name="enhanced">x̂ of the chunk, [samples].</param>
    /// <param name="options">The target length.</param>
    /// <returns>In order; empty when the chunk is shorter than 0.5 s, one segment when it is shorter than 4 s.</returns>
    public static SegmentSpan[] Split(ReadOnlySpan<float> enhanced, SegmentationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        int steps = enhanced.Length / SegmentGrid.StepSamples;
        if (enhanced.Length < SegmentGrid.ShortestSamples)
            return [];
        if (steps < 2 * SegmentGrid.MinSteps)
            return [new SegmentSpan(0, steps * SegmentGrid.StepSamples)];

        double[] cutCosts = CutCosts(enhanced, steps);
        double target = options.TargetSegment.TotalSeconds * SegmentGrid.SampleRateHz / SegmentGrid.StepSamples;
        var best = new double[steps + 1];
        var previous = new int[steps + 1];
        Array.Fill(best, double.PositiveInfinity);
        best[0] = 0;
        for (int end = SegmentGrid.MinSteps; end <= steps; end++)
        {
            for (int start = Math.Max(0, end - SegmentGrid.MaxSteps); start <= end - SegmentGrid.MinSteps; start++)
            {
                double missed = ((end - start) - target) / target;
                double cost = best[start] + cutCosts[end] + (missed * missed);
                if (cost < best[end])
                    (best[end], previous[end]) = (cost, start);
            }
        }

        var segments = new Stack<SegmentSpan>();
        for (int end = steps; end > 0; end = previous[end])
            segments.Push(new SegmentSpan(previous[end] * SegmentGrid.StepSamples, (end - previous[end]) * SegmentGrid.StepSamples));
        return [.. segments];
    }

    /// <summary>How much is heard around each possible cut, 0 at the quietest; both ends of the chunk are free.</summary>
    private static double[] CutCosts(ReadOnlySpan<float> enhanced, int steps)
    {
        var costs = new double[steps + 1];
        double quietest = double.PositiveInfinity;
        for (int cut = 1; cut < steps; cut++)
        {
            costs[cut] = LoudnessAround(enhanced, cut * SegmentGrid.StepSamples);
            quietest = Math.Min(quietest, costs[cut]);
        }

        for (int cut = 1; cut < steps; cut++)
            costs[cut] = (costs[cut] - quietest) / DbPerLengthCost;
        return costs;
    }

    /// <summary>Mean power of the 0.25 s around a sample, in dBFS, not below what counts as silent.</summary>
    internal static double LoudnessAround(ReadOnlySpan<float> signal, int sample)
    {
        int from = Math.Max(0, sample - (SegmentGrid.StepSamples / 2)), to = Math.Min(signal.Length, sample + (SegmentGrid.StepSamples / 2));
        return Math.Max(QuietestDbfs, SignalLevel.Dbfs(signal[from..to]));
    }
}
