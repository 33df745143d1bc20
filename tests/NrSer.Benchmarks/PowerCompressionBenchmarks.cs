using BenchmarkDotNet.Attributes;
using NrSer.Core.Signal;

namespace NrSer.Benchmarks;

/// <summary>Compression and expansion of a 10 s spectrogram at the small enhancer's framing, 257 bins, hop 256.</summary>
[Config(typeof(AudioBenchmarkConfig))]
public class PowerCompressionBenchmarks
{
    private const int Values = ((RealTimeFactorColumn.AudioSeconds * 16000 / 256) + 1) * 257;

    private readonly float[] _re = Noise.Create(Values, 5);
    private readonly float[] _im = Noise.Create(Values, 6);

    /// <summary>There and back, so that values stay where they are.</summary>
    [Benchmark]
    public float CompressAndExpand()
    {
        PowerCompression.Compress(_re, _im, 0.3f);
        PowerCompression.Expand(_re, _im, 0.3f);
        return _re[7];
    }
}
