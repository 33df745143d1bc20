using System.Diagnostics;
using System.Globalization;
using NrSer.Core.Models;
using NrSer.Core.Segmentation;

namespace NrSer.Cli.Models;

/// <summary>How fast a network is, by noise on one thread.</summary>
/// <param name="Audio">What was run through it.</param>
/// <param name="Taken">What that took.</param>
internal sealed record NetworkSpeed(TimeSpan Audio, TimeSpan Taken)
{
    private const int SegmentSamples = SegmentGrid.SampleRateHz; // of a network that takes any length; longer ones take more memory than installing

    /// <summary>Seconds of work per second of audio.</summary>
    public double RealTimeFactor => Taken / Audio;

    /// <summary>Runs it for so long, or for a third of that time on the clock.</summary>
    public static NetworkSpeed Measure(OnnxModel model, TimeSpan audio, CancellationToken cancellationToken)
    {
        long[] shape = model.Entry is { Enhancer: { } enhancer, Stft: { } stft }
            ? [1, 2, stft.FramesOf(enhancer.BlockSamples), stft.Bins]
            : [1, SegmentSamples];
        var each = TimeSpan.FromSeconds((model.Entry.Enhancer?.BlockSamples ?? SegmentSamples) / (double)SegmentGrid.SampleRateHz);
        var random = new Random(1);
        float[] input = new float[shape.Aggregate(1L, (product, axis) => product * axis)];
        for (int i = 0; i < input.Length; i++)
            input[i] = 0.1f * (random.NextSingle() - 0.5f);
        (Memory<float>, long[])[] outputs = [.. model.Entry.Outputs.Select(output =>
        {
            long[] made = [.. output.Axes().Select(axis => axis == TensorEntry.Free ? 1L : axis)];
            return (new float[made.Aggregate(1L, (product, axis) => product * axis)].AsMemory(), made);
        })];
        model.Run(input, shape, outputs); // once to warm up
        TimeSpan heard = TimeSpan.Zero;
        long begun = Stopwatch.GetTimestamp();
        while (heard < audio && Stopwatch.GetElapsedTime(begun) < audio / 3)
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.Run(input, shape, outputs);
            heard += each;
        }

        return new NetworkSpeed(heard, Stopwatch.GetElapsedTime(begun));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Audio.TotalSeconds:F0} s of audio took it {Taken.TotalSeconds:F1} s on one thread: RTF {RealTimeFactor:F3}");
}
