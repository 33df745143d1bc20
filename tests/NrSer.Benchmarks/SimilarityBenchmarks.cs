using BenchmarkDotNet.Attributes;
using NrSer.Core.Signal;
using NrSer.Core.Snr;

namespace NrSer.Benchmarks;

/// <summary>402 similarities of a 10 s segment, both STFTs included.</summary>
[Config(typeof(AudioBenchmarkConfig))]
public class SimilarityBenchmarks
{
    private readonly Stft _stft = new(new StftParameters(400, 100, WindowKind.Hamming));
    private readonly float[] _original = Noise.Create(RealTimeFactorColumn.AudioSeconds * 16000, 3);
    private readonly float[] _enhanced = Noise.Create(RealTimeFactorColumn.AudioSeconds * 16000, 4);
    private readonly float[] _similarity = new float[402];
    private readonly float[] _power = new float[2 * 201 * MeanPower.FramesOf(1 + (RealTimeFactorColumn.AudioSeconds * 160))];

    /// <summary>As the SNR-level block sees them.</summary>
    [Benchmark]
    public float Compute()
    {
        SpectralSimilarity.Compute(_stft, _original, _enhanced, _similarity);
        return _similarity[7];
    }

    /// <summary>As one that tells speech sees them: the power of both signals besides.</summary>
    [Benchmark]
    public float ComputeWithPower()
    {
        SpectralSimilarity.Compute(_stft, _original, _enhanced, _similarity, _power);
        return _power[7];
    }
}
