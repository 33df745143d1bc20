using CsCheck;
using NrSer.Core.Signal;

namespace NrSer.Core.Tests.Signal;

public sealed class PowerCompressionTests
{
    [Fact]
    public void Compress_HandValues_RaisesMagnitudeAndKeepsPhase()
    {
        // |3 + 4i| = 5, |−16| = 16, |0.25i| = 0.25, all to the power of ½
        float[] re = [3, -16, 0, 1], im = [4, 0, 0.25f, 0];
        PowerCompression.Compress(re, im, 0.5f);
        double root5 = Math.Sqrt(5);
        AssertClose([3 / 5.0 * root5, -4, 0, 1], re);
        AssertClose([4 / 5.0 * root5, 0, 0.5, 0], im);
    }

    [Fact]
    public void Expand_HandValues_SquaresWhatARootCompressed()
    {
        float[] re = [0.6f, -4, 0], im = [0.8f, 0, 0.5f];
        PowerCompression.Expand(re, im, 0.5f);
        AssertClose([0.6, -16, 0], re);
        AssertClose([0.8, 0, 0.25], im);
    }

    [Fact]
    public void Expand_OfCompress_RestoresSpectrum() =>
        Gen.Select(Gen.Float[-1000, 1000].Array[1, 50], Gen.Float[0.1f, 1]).Sample((values, exponent) =>
        {
            float[] re = [.. values], im = [.. values.Reverse()];
            PowerCompression.Compress(re, im, exponent);
            PowerCompression.Expand(re, im, exponent);
            for (int i = 0; i < re.Length; i++)
            {
                // Below 1e-6 a magnitude may meet the floor of the logarithm; above it, an exponent of 1/p multiplies the rounding of log and exp.
                double tolerance = 1e-6 + (1e-4 * Math.Abs(values[i]));
                Assert.Equal(values[i], re[i], tolerance);
                Assert.Equal(values[^(i + 1)], im[i], 1e-6 + (1e-4 * Math.Abs(values[^(i + 1)])));
            }
        });

    [Fact]
    public void Compress_AnySpectrum_KeepsPhase() =>
        Gen.Select(Gen.Float[-10, 10], Gen.Float[-10, 10], Gen.Float[0.05f, 1]).Sample((a, b, exponent) =>
        {
            float[] re = [a], im = [b];
            PowerCompression.Compress(re, im, exponent);
            double cross = ((double)a * im[0]) - ((double)b * re[0]), along = ((double)a * re[0]) + ((double)b * im[0]);
            Assert.True(along >= 0);
            Assert.True(Math.Abs(cross) <= 1e-6 * along + 1e-30, $"{a}, {b} turned"); // one rounding of each part
        });

    [Theory]
    [InlineData(0.3f)]
    [InlineData(1f)]
    public void CompressAndExpand_Zero_StaysZero(float exponent)
    {
        float[] re = new float[9], im = new float[9];
        PowerCompression.Compress(re, im, exponent);
        PowerCompression.Expand(re, im, exponent);
        Assert.All(re, value => Assert.Equal(0f, value));
        Assert.All(im, value => Assert.Equal(0f, value));
    }

    [Fact]
    public void Compress_ExponentOne_ChangesNoBit()
    {
        float[] re = StftTests.Noise(100, 1), im = StftTests.Noise(100, 2);
        PowerCompression.Compress(re, im, 1);
        Assert.Equal(StftTests.Noise(100, 1), re);
        Assert.Equal(StftTests.Noise(100, 2), im);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-0.3f)]
    [InlineData(1.01f)]
    [InlineData(float.NaN)]
    public void CompressAndExpand_ExponentOutOfRange_Throw(float exponent)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => PowerCompression.Compress(new float[1], new float[1], exponent));
        Assert.Throws<ArgumentOutOfRangeException>(() => PowerCompression.Expand(new float[1], new float[1], exponent));
    }

    [Theory]
    [InlineData(0.3f)]
    [InlineData(1f)] // which changes nothing
    public void Compress_LengthsDiffer_Throws(float exponent) =>
        Assert.Throws<ArgumentException>(() => PowerCompression.Compress(new float[2], new float[3], exponent));

    private static void AssertClose(double[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-6 * Math.Max(1, Math.Abs(expected[i]))); // rounding of log and exp
    }
}
