using System.Numerics;
using NrSer.Core.Signal;

namespace NrSer.Core.Tests.Signal;

public sealed class ComplexFftTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(12)]
    [InlineData(15)]
    [InlineData(25)]
    [InlineData(30)]
    [InlineData(100)]
    [InlineData(200)]
    [InlineData(256)]
    public void Forward_AnyLength_EqualsTheDefinitionInEveryLane(int length)
    {
        var fft = new ComplexFft(length);
        (Vector<float>[] re, Vector<float>[] im) = (Lanes(length, 1), Lanes(length, 2));
        (Vector<float>[] wasRe, Vector<float>[] wasIm) = ([.. re], [.. im]);

        fft.Forward(re, im);

        // Each of the log N passes rounds to 6e-8; the values summed are at most 1 and grow as the root of their number.
        double tolerance = 1e-6 * Math.Sqrt(length) * (1 + Math.Log2(length));
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            for (int k = 0; k < length; k++)
            {
                Complex sum = Complex.Zero;
                for (int n = 0; n < length; n++)
                    sum += new Complex(wasRe[n][lane], wasIm[n][lane]) * Complex.FromPolarCoordinates(1, -2 * Math.PI * k * n / length);
                Assert.Equal(sum.Real, re[k][lane], tolerance);
                Assert.Equal(sum.Imaginary, im[k][lane], tolerance);
            }
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(15)]
    [InlineData(200)]
    public void Forward_WithPartsSwapped_IsTheUnscaledInverse(int length)
    {
        var fft = new ComplexFft(length);
        (Vector<float>[] re, Vector<float>[] im) = (Lanes(length, 3), Lanes(length, 4));
        (Vector<float>[] wasRe, Vector<float>[] wasIm) = ([.. re], [.. im]);

        fft.Forward(re, im);
        fft.Forward(im, re);

        for (int n = 0; n < length; n++)
        {
            for (int lane = 0; lane < Vector<float>.Count; lane++)
            {
                Assert.Equal(wasRe[n][lane], re[n][lane] / length, 2e-6f); // two transforms' rounding
                Assert.Equal(wasIm[n][lane], im[n][lane] / length, 2e-6f);
            }
        }
    }

    [Fact]
    public void Forward_FourPointsByHand_ReturnsTheirSpectrum()
    {
        // 1, 2, 3, 4 → 10, −2 + 2i, −2, −2 − 2i
        Vector<float>[] re = [new(1), new(2), new(3), new(4)], im = new Vector<float>[4];
        new ComplexFft(4).Forward(re, im);
        Assert.Equal([10f, -2f, -2f, -2f], re.Select(value => value[0]));
        Assert.Equal([0f, 2f, 0f, -2f], im.Select(value => value[0]));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(14)]
    [InlineData(22)]
    [InlineData(0)]
    [InlineData(-4)]
    public void Constructor_LengthWithAnotherFactor_Throws(int length) => Assert.ThrowsAny<ArgumentException>(() => new ComplexFft(length));

    private static Vector<float>[] Lanes(int length, int seed)
    {
        float[] values = StftTests.Noise(length * Vector<float>.Count, seed);
        return [.. Enumerable.Range(0, length).Select(n => new Vector<float>(values, n * Vector<float>.Count))];
    }
}
