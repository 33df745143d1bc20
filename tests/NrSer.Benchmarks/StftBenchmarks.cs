using System.Numerics;
using BenchmarkDotNet.Attributes;
using MathNet.Numerics.IntegralTransforms;
using NrSer.Core.Signal;
using Complex32 = MathNet.Numerics.Complex32;

namespace NrSer.Benchmarks;

/// <summary>STFT and inverse of 10 s at the paper's framing, against the same framing on MathNet.Numerics' managed FFT.</summary>
[Config(typeof(AudioBenchmarkConfig))]
public class StftBenchmarks
{
    private const int Samples = RealTimeFactorColumn.AudioSeconds * 16000;

    private readonly Stft _stft = new(new StftParameters(400, 100, WindowKind.Hamming));
    private readonly float[] _signal = Noise.Create(Samples, 1);
    private readonly float[] _restored = new float[Samples];
    private float[] _re = [];
    private float[] _im = [];
    private float[] _window = [];
    private Complex32[] _frame = [];

    /// <summary>Allocates what callers would own.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        MathNet.Numerics.Control.UseManaged();
        int values = _stft.Parameters.FramesOf(Samples) * _stft.Parameters.Bins;
        (_re, _im, _frame) = (new float[values], new float[values], new Complex32[400]);
        _window = [.. Enumerable.Range(0, 400).Select(n => (float)(0.54 - (0.46 * Math.Cos(2 * Math.PI * n / 400))))];
    }

    /// <summary>MathNet: window, complex FFT, keep half; mirror, inverse, overlap-add.</summary>
    [Benchmark(Baseline = true)]
    public float MathNetForwardAndInverse()
    {
        const int bins = 201;
        Array.Clear(_restored);
        for (int t = 0; t < _stft.Parameters.FramesOf(Samples); t++)
        {
            int start = (t * 100) - 200;
            for (int n = 0; n < 400; n++)
            {
                int at = Math.Abs(start + n);
                at = at < Samples ? at : (2 * (Samples - 1)) - at;
                _frame[n] = new Complex32(_signal[at] * _window[n], 0);
            }

            Fourier.Forward(_frame, FourierOptions.Matlab);
            for (int k = 0; k < bins; k++)
                (_re[(t * bins) + k], _im[(t * bins) + k]) = (_frame[k].Real, _frame[k].Imaginary);
        }

        for (int t = 0; t < _stft.Parameters.FramesOf(Samples); t++)
        {
            for (int k = 0; k < bins; k++)
                _frame[k] = new Complex32(_re[(t * bins) + k], _im[(t * bins) + k]);
            for (int k = 1; k < 200; k++)
                _frame[400 - k] = _frame[k].Conjugate();
            Fourier.Inverse(_frame, FourierOptions.Matlab);
            int start = (t * 100) - 200;
            for (int n = 0; n < 400; n++)
            {
                if ((uint)(start + n) < (uint)Samples)
                    _restored[start + n] += _frame[n].Real * _window[n];
            }
        }

        return _restored[Samples / 2];
    }

    /// <summary>Ours.</summary>
    [Benchmark]
    public float ForwardAndInverse()
    {
        _stft.Forward(_signal, _re, _im);
        _stft.Inverse(_re, _im, _restored);
        return _restored[Samples / 2];
    }

    /// <summary>Ours, one way.</summary>
    [Benchmark]
    public float Forward()
    {
        _stft.Forward(_signal, _re, _im);
        return _re[Vector<float>.Count];
    }
}
