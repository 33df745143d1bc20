using BenchmarkDotNet.Attributes;
using NrSer.Core.Audio.Resampling;

namespace NrSer.Benchmarks;

/// <summary>10 s to 16 kHz.</summary>
[Config(typeof(AudioBenchmarkConfig))]
public class ResamplerBenchmarks
{
    private Resampler _resampler = new(48000, 16000);
    private float[] _input = [];
    private float[] _output = [];

    /// <summary>Common rates, and one that shares no factor with 16,000.</summary>
    [Params(8000, 44100, 44101, 48000)]
    public int RateHz { get; set; }

    /// <summary>Designs the filter.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _resampler = new Resampler(RateHz, 16000);
        _input = Noise.Create(RealTimeFactorColumn.AudioSeconds * RateHz, 2);
        _output = new float[_resampler.MaxOutputSamples(_input.Length)];
    }

    /// <summary>In one piece.</summary>
    [Benchmark]
    public int Process() => _resampler.Process(_input, _output) + _resampler.Flush(_output);
}
