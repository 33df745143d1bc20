namespace NrSer.Core.Signal;

/// <summary>Takes away DC and what lies below a frequency: a Butterworth high-pass of order 4, forwards only, from a state of 0.</summary>
/// <remarks>
/// Two sections of order 2 by the bilinear transform, with k = tan(π·cutoff / rate) and the quality Q = 1 / (2·cos(π/8)) of the one pair of poles,
/// 1 / (2·cos(3π/8)) of the other:
/// <code>
/// H(z) = (1 − 2z⁻¹ + z⁻²) / (a0 + a1·z⁻¹ + a2·z⁻²),   a0 = 1 + k/Q + k²,   a1 = 2·(k² − 1),   a2 = 1 − k/Q + k²
/// </code>
/// which is scipy.signal.butter(4, cutoff, 'highpass'). Immutable after construction, so one instance serves all threads.
/// </remarks>
internal sealed class HighPass
{
    private const int BlockSamples = 1024;
    private const double Inaudible = 1e-30; // what still rings below it is cut off: numbers below 1e-308 take a hundred times as long

    private readonly double _gain; // of both sections
    private readonly double _a1, _a2, _b1, _b2; // the poles of the first section and of the second, divided by their a0

    /// <param name="cutoffHz">Where 3 dB are lost; above 0, below half the rate.</param>
    /// <param name="sampleRateHz">Of what will be filtered.</param>
    public HighPass(double cutoffHz, int sampleRateHz)
    {
        double k = Math.Tan(Math.PI * cutoffHz / sampleRateHz);
        (double gain, _a1, _a2) = Section(k, 2 * Math.Cos(Math.PI / 8));
        (_gain, _b1, _b2) = Section(k, 2 * Math.Cos(3 * Math.PI / 8));
        _gain *= gain;
    }

    /// <summary>Filters a signal as if nothing but silence had come before it.</summary>
    /// <param name="input">x, [samples].</param>
    /// <param name="output">Receives the filtered signal, [samples]; may be <paramref name="input"/>.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void Filter(ReadOnlySpan<float> input, Span<float> output)
    {
        if (input.Length != output.Length)
            throw new ArgumentException($"{output.Length} samples cannot take {input.Length} filtered ones.", nameof(output));
        double first0 = 0, first1 = 0, second0 = 0, second1 = 0;
        for (int start = 0; start < input.Length; start += BlockSamples)
        {
            int end = Math.Min(start + BlockSamples, input.Length);
            for (int n = start; n < end; n++)
            {
                double x = _gain * input[n], u = x + first0, y = u + second0;
                first0 = first1 - (2 * x) - (_a1 * u);
                first1 = x - (_a2 * u);
                second0 = second1 - (2 * u) - (_b1 * y);
                second1 = u - (_b2 * y);
                output[n] = (float)y;
            }

            if (Math.Abs(first0) + Math.Abs(first1) + Math.Abs(second0) + Math.Abs(second1) < Inaudible)
                first0 = first1 = second0 = second1 = 0;
        }
    }

    private static (double Gain, double A1, double A2) Section(double k, double inverseQuality)
    {
        double a0 = 1 + (k * inverseQuality) + (k * k);
        return (1 / a0, 2 * ((k * k) - 1) / a0, (1 - (k * inverseQuality) + (k * k)) / a0);
    }
}
