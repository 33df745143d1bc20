using NrSer.Core.Models;
using NrSer.Core.Segmentation;
using NrSer.Core.Signal;
using NrSer.Core.Snr;
using NrSer.Core.Tests.Signal;

namespace NrSer.Core.Tests.Snr;

public sealed class SnrFeaturesTests
{
    private const int N = 400, Hop = 100, Bins = 201;
    private const double HighPassHz = 70;

    private readonly SnrFeatures _features = new(new StftParameters(N, Hop, WindowKind.Hamming), SimilarityAxis.Bins, HighPassHz);

    // Spectra are made in blocks of 64 frames: less than one, one, some that are no multiple of 4 besides, two.
    [Theory]
    [InlineData(577, 1)]
    [InlineData(6399, 16)]
    [InlineData(6743, 17)]
    [InlineData(8137, 20)]
    [InlineData(12_700, 32)]
    public void Compute_PowerAsked_EqualsTheDefinition(int samples, int frames)
    {
        float[] x = StftTests.Noise(samples, 1), xHat = [.. StftTests.Noise(samples, 2).Select(value => 0.01f * value)];
        Assert.Equal([1, 2, frames, Bins], _features.PowerShapeOf(samples));
        float[] similarity = new float[2 * Bins], power = new float[2 * frames * Bins], alone = new float[2 * Bins];
        double keptDb = _features.Compute(x, xHat, similarity, power);
        double[] expected = [.. Naive(x, frames), .. Naive(xHat, frames)];
        for (int i = 0; i < power.Length; i++)
            Assert.Equal(1, power[i] / expected[i], 1e-4); // the transform is in single precision

        Assert.Equal(keptDb, _features.Compute(x, xHat, alone));
        Assert.Equal(alone, similarity);
    }

    [Theory]
    [InlineData(8039)]
    [InlineData(8041)]
    public void Compute_PowerOfAnotherLength_Throws(int length) => Assert.Throws<ArgumentException>(
        () => _features.Compute(StftTests.Noise(8000, 1), StftTests.Noise(8000, 2), new float[2 * Bins], new float[length]));

    /// <summary>¼ Σ |Σ_n w[n]·x[t·hop + n − N/2]·e^(−2πikn/N)|² over four frames, x above the high-pass and mirrored at its ends.</summary>
    private static double[] Naive(float[] signal, int frames)
    {
        float[] heard = new float[signal.Length];
        new HighPass(HighPassHz, SegmentGrid.SampleRateHz).Filter(signal, heard);
        var power = new double[frames * Bins];
        for (int frame = 0; frame < 4 * frames; frame++)
        {
            double[] windowed = [.. Enumerable.Range(0, N).Select(n =>
            {
                int at = Math.Abs((frame * Hop) + n - (N / 2));
                at = at < heard.Length ? at : (2 * (heard.Length - 1)) - at;
                return (0.54 - (0.46 * Math.Cos(2 * Math.PI * n / N))) * heard[at];
            })];
            for (int bin = 0; bin < Bins; bin++)
            {
                double re = 0, im = 0;
                for (int n = 0; n < N; n++)
                {
                    (double sine, double cosine) = Math.SinCos(-2 * Math.PI * bin * n / N);
                    re += windowed[n] * cosine;
                    im += windowed[n] * sine;
                }

                power[(frame / 4 * Bins) + bin] += ((re * re) + (im * im)) / 4;
            }
        }

        return power;
    }
}
