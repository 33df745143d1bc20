using CsCheck;
using NrSer.Core.Reconstitution;
using NrSer.Core.Snr;
using NrSer.Core.Tests.Signal;

namespace NrSer.Core.Tests.Reconstitution;

public sealed class WaveformReconstitutionTests
{
    [Fact]
    public void Blend_HandValues_WeighsBoth()
    {
        float[] y = new float[3];
        WaveformReconstitution.Blend([1, -2, 0.5f], [0, 2, 0.5f], Weight(0.25f), y);
        Assert.Equal([0.25f, 1f, 0.5f], y); // all of these are exact in binary
    }

    [Fact]
    public void Blend_CleanRecording_ReturnsNoisyInput()
    {
        float[] x = StftTests.Noise(1001, 1), y = new float[1001];
        WaveformReconstitution.Blend(x, StftTests.Noise(1001, 2), Weight(1.3f), y);
        Assert.Equal(x, y);
    }

    [Fact]
    public void Blend_NoiseOnly_ReturnsEnhanced()
    {
        float[] enhanced = StftTests.Noise(1001, 2), y = new float[1001];
        WaveformReconstitution.Blend(StftTests.Noise(1001, 1), enhanced, Weight(-0.2f), y);
        Assert.Equal(enhanced, y);
    }

    [Fact]
    public void Blend_AnyWeight_LiesBetweenBoth() =>
        Gen.Select(Gen.Float[-3, 3].Array[1, 40], Gen.Float[0, 1]).Sample((x, weight) =>
        {
            float[] enhanced = [.. x.Reverse()], y = new float[x.Length];
            WaveformReconstitution.Blend(x, enhanced, Weight(weight), y);
            for (int i = 0; i < y.Length; i++)
                Assert.InRange(y[i], Math.Min(x[i], enhanced[i]) - 1e-6f, Math.Max(x[i], enhanced[i]) + 1e-6f); // rounding at magnitude 3
        });

    [Fact]
    public void Blend_IntoTheEnhancedSignal_EqualsBlendElsewhere()
    {
        float[] x = StftTests.Noise(9000, 1), enhanced = StftTests.Noise(9000, 2), y = new float[9000];
        MixWeight[] weights = [Weight(0.2f), Weight(0.9f)];
        WaveformReconstitution.Blend(x, enhanced, [0, 4000], weights, 800, y);
        WaveformReconstitution.Blend(x, enhanced, [0, 4000], weights, 800, enhanced);
        Assert.Equal(y, enhanced);
    }

    [Fact]
    public void Blend_LoudSignal_IsNotClipped()
    {
        float[] y = new float[1];
        WaveformReconstitution.Blend([3], [2], Weight(0.5f), y);
        Assert.Equal([2.5f], y);
    }

    [Fact]
    public void Blend_EqualWeights_EqualsPlainBlend()
    {
        float[] x = StftTests.Noise(5000, 1), enhanced = StftTests.Noise(5000, 2), plain = new float[5000], cut = new float[5000];
        WaveformReconstitution.Blend(x, enhanced, Weight(0.3f), plain);
        WaveformReconstitution.Blend(x, enhanced, [0, 1234, 4000], [Weight(0.3f), Weight(0.3f), Weight(0.3f)], 800, cut);
        Assert.Equal(plain, cut);
    }

    [Theory]
    [InlineData(800)]
    [InlineData(801)]
    [InlineData(1)]
    public void Blend_WeightChanges_SlidesEvenlyAroundTheBorder(int fade)
    {
        float[] y = new float[8000], x = new float[8000];
        Array.Fill(x, 1f); // with x̂ = 0, y is the weight itself
        WaveformReconstitution.Blend(x, new float[8000], [0, 4000], [Weight(0.2f), Weight(0.8f)], fade, y);

        int from = 4000 - (fade / 2);
        Assert.All(y[..from], value => Assert.Equal(0.2f, value));
        Assert.All(y[(from + fade)..], value => Assert.Equal(0.8f, value));
        for (int n = 1; n < y.Length; n++)
            Assert.InRange(y[n] - y[n - 1], 0, (0.6f / fade) + 1e-6f); // rises, and never by more than a step
        for (int n = 0; n < fade; n++)
            Assert.Equal(1f, y[from + n] + y[from + fade - 1 - n], 1e-6f); // mirrored around the middle of the two weights
    }

    [Fact]
    public void Blend_ThreeSegments_FadesAtEveryChange()
    {
        float[] y = new float[3000], x = new float[3000];
        Array.Fill(x, 1f);
        WaveformReconstitution.Blend(x, new float[3000], [0, 1000, 2000], [Weight(0), Weight(1), Weight(0.5f)], 100, y);
        Assert.Equal([0f, 0f, 1f, 1f, 0.5f, 0.5f], [y[0], y[949], y[1050], y[1949], y[2050], y[2999]]);
        Assert.Equal(0.005f, y[950], 1e-6f); // half a step into the slope of 1/100
    }

    [Fact]
    public void Blend_HandValuesAcrossABorder_WeighsBothByTheSlidingWeight()
    {
        float[] y = new float[8];
        WaveformReconstitution.Blend([0, 1, 2, 3, 4, 5, 6, 7], [8, 8, 8, 8, 8, 8, 8, 8], [0, 4], [Weight(0), Weight(1)], 4, y);
        Assert.Equal([8, 8, 7.25f, 6.125f, 5.5f, 5.375f, 6, 7], y); // weights of 1/8, 3/8, 5/8 and 7/8 between, exact in binary
    }

    [Fact]
    public void Blend_NothingThere_WritesNothing()
    {
        WaveformReconstitution.Blend([], [], Weight(0.5f), []);
        WaveformReconstitution.Blend([], [], [0], [Weight(0.5f)], 800, []);
    }

    [Theory]
    [InlineData(3, 4, 4)]
    [InlineData(4, 3, 4)]
    [InlineData(4, 4, 3)]
    public void Blend_LengthsDiffer_Throws(int noisy, int enhanced, int output)
    {
        Assert.Throws<ArgumentException>(() => WaveformReconstitution.Blend(new float[noisy], new float[enhanced], default, new float[output]));
        Assert.Throws<ArgumentException>(
            () => WaveformReconstitution.Blend(new float[noisy], new float[enhanced], [0], [default], 1, new float[output]));
    }

    [Fact]
    public void Blend_SegmentsAndWeightsDiffer_Throws()
    {
        Assert.Throws<ArgumentException>(() => WaveformReconstitution.Blend(new float[4], new float[4], [0, 2], [default], 1, new float[4]));
        Assert.Throws<ArgumentException>(() => WaveformReconstitution.Blend(new float[4], new float[4], [], [], 1, new float[4]));
    }

    private static MixWeight Weight(float score) => MixWeight.Clamp(score);
}
