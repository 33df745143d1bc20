using System.Numerics.Tensors;
using CommunityToolkit.HighPerformance.Buffers;

namespace NrSer.Core.Audio.Resampling;

/// <summary>
/// A Kaiser-windowed sinc low-pass, sampled at the points a change of rate needs: one row of taps per position of the output sample between two
/// input samples. Immutable, so channels share it.
/// </summary>
/// <remarks>
/// h(τ) = 2·fc·sinc(2·fc·τ)·w(τ), τ in input samples, fc = ½·min(1, out/in), w = I₀(β·√(1 − (τ/T)²)) / I₀(β) on |τ| ≤ T.
/// Kaiser, "Nonrecursive digital filter design using the I₀-sinh window function", 1974.
/// </remarks>
internal sealed class PolyphaseFilter
{
    // Half length in zero crossings of the sinc. With this β the transition, centred on the lower Nyquist frequency f, lasts from 0.9 f to 1.1 f.
    private const int ZeroCrossings = 32;

    // Kaiser's formula, β = 0.1102·(A − 8.7), for A = 96 dB of stop-band attenuation.
    private const double KaiserBeta = 9.62;

    // With more positions than this in one zero crossing of the sinc, rows are interpolated: straight lines between them are right to about −125
    // dB. Counting by zero crossings and not by input samples bounds the table to 64 · 1025 taps for any pair of rates.
    private const int MaxRowsPerCrossing = 1024;

    private readonly float[] _taps;
    private readonly int _rows;
    private readonly int _phases;

    /// <summary>Designs the filter.</summary>
    /// <param name="inputRateHz">Rate of the input.</param>
    /// <param name="outputRateHz">Rate of the output.</param>
    public PolyphaseFilter(int inputRateHz, int outputRateHz)
    {
        int divisor = GreatestCommonDivisor(inputRateHz, outputRateHz);
        _phases = outputRateHz / divisor;
        Decimation = inputRateHz / divisor;

        double cutoff = 0.5 * Math.Min(1.0, (double)outputRateHz / inputRateHz);
        _rows = Math.Min(_phases, (int)Math.Ceiling(MaxRowsPerCrossing * 2 * cutoff));
        double halfLength = ZeroCrossings / (2 * cutoff);
        HalfTaps = (int)Math.Ceiling(halfLength);

        // One row more than positions: the last interpolation needs a right neighbour.
        _taps = new float[(_rows + 1) * TapCount];
        for (int row = 0; row <= _rows; row++)
            DesignRow(_taps.AsSpan(row * TapCount, TapCount), (double)row / _rows, cutoff, halfLength);
    }

    /// <summary>L of the reduced ratio out/in = L/M: the positions an output sample may have between two input samples.</summary>
    public int Phases => _phases;

    /// <summary>M of the reduced ratio out/in = L/M.</summary>
    public int Decimation { get; }

    /// <summary>Input samples needed on either side of an output sample.</summary>
    public int HalfTaps { get; }

    /// <summary>Input samples that make one output sample.</summary>
    public int TapCount => 2 * HalfTaps;

    /// <summary>One output sample.</summary>
    /// <param name="window">
    /// Shape [<see cref="TapCount"/>]; the output lies <paramref name="phase"/> / <see cref="Phases"/> behind sample <see cref="HalfTaps"/> − 1.
    /// </param>
    /// <param name="phase">0 to <see cref="Phases"/> − 1.</param>
    public float Apply(ReadOnlySpan<float> window, int phase)
    {
        if (_rows == _phases)
            return TensorPrimitives.Dot(window, Row(phase));

        long position = (long)phase * _rows;
        int row = (int)(position / _phases);
        float fraction = (float)(position % _phases) / _phases;
        float left = TensorPrimitives.Dot(window, Row(row));
        float right = TensorPrimitives.Dot(window, Row(row + 1));
        return left + (fraction * (right - left));
    }

    private ReadOnlySpan<float> Row(int row) => _taps.AsSpan(row * TapCount, TapCount);

    private void DesignRow(Span<float> taps, double delay, double cutoff, double halfLength)
    {
        using SpanOwner<double> row = SpanOwner<double>.Allocate(taps.Length);
        double sum = 0;
        for (int k = 0; k < taps.Length; k++)
        {
            double time = delay + (HalfTaps - 1 - k);
            double edge = time / halfLength;
            double window = Math.Abs(edge) < 1 ? BesselI0(KaiserBeta * Math.Sqrt(1 - (edge * edge))) : 0;
            row.Span[k] = Sinc(2 * cutoff * time) * window;
            sum += row.Span[k];
        }

        // Every row passes a constant unchanged, so positions do not differ in level: that would be a tone at the phase rate.
        for (int k = 0; k < taps.Length; k++)
            taps[k] = (float)(row.Span[k] / sum);
    }

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);

    // Power series; its terms grow and then fall, and stop mattering after a few dozen.
    private static double BesselI0(double x)
    {
        double quarter = x * x / 4;
        double term = 1;
        double sum = 1;
        for (int k = 1; term > sum * 1e-17; k++)
        {
            term *= quarter / ((double)k * k);
            sum += term;
        }

        return sum;
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
