using CsCheck;
using NrSer.Core.Signal;
using NrSer.Core.Snr;
using NrSer.Core.Tests.Signal;

namespace NrSer.Core.Tests.Snr;

public sealed class SpectralSimilarityTests
{
    private static readonly Stft Paper = new(new StftParameters(400, 100, WindowKind.Hamming));

    [Fact]
    public void Compute_IdenticalSignals_IsOneWhereverThereIsEnergy()
    {
        float[] signal = StftTests.Noise(4000, 1), similarity = Compute(Paper, signal, signal);
        for (int i = 0; i < similarity.Length; i++)
        {
            bool alwaysReal = i is 201 or 401; // bin 0 and the last have no imaginary part
            Assert.Equal(alwaysReal ? 0f : 1f, similarity[i], 1e-6f); // ε against sums around 1e4, and rounding to float
        }
    }

    [Fact]
    public void Compute_SignFlipped_IsMinusOne()
    {
        float[] signal = StftTests.Noise(4000, 1);
        float[] same = Compute(Paper, signal, signal), flipped = Compute(Paper, signal, [.. signal.Select(value => -value)]);
        Assert.Equal(same.Select(value => -value), flipped);
    }

    [Fact]
    public void Compute_TwoFramesByHand_IsTheirCosineOverTime()
    {
        // N = hop = 8 and a Hann window, 1 at its middle. Frames are centred on samples 0 and 8, and an impulse of height h there gives
        // the real parts h·(−1)^k and no imaginary ones, in that frame alone. x = (3, 4), x̂ = (4, 3): cosine 24/25 in every bin.
        var stft = new Stft(new StftParameters(8, 8, WindowKind.Hann));
        float[] x = new float[15], y = new float[15];
        (x[0], x[8], y[0], y[8]) = (3, 4, 4, 3);
        float[] similarity = Compute(stft, x, y);
        Assert.All(similarity[..5], value => Assert.Equal(0.96f, value, 1e-6f)); // float rounding; ε is a ten-millionth of the norms
        Assert.All(similarity[5..], value => Assert.Equal(0f, value, 1e-6f));

        (y[0], y[8]) = (4, -3); // orthogonal to x
        Assert.All(Compute(stft, x, y), value => Assert.Equal(0f, value, 1e-6f));
    }

    [Fact]
    public void Compute_EitherSignalScaled_IsUnchanged() =>
        Gen.Select(Gen.Int[0, 1000], Gen.Float[0.001f, 100], Gen.Float[0.001f, 100]).Sample((seed, a, b) =>
        {
            float[] x = StftTests.Noise(2000, seed), y = Mixed(x, seed + 5000);
            float[] plain = Compute(Paper, x, y), scaled = Compute(Paper, [.. x.Select(v => v * a)], [.. y.Select(v => v * b)]);
            for (int i = 0; i < plain.Length; i++)
                Assert.Equal(plain[i], scaled[i], 1e-5f); // every scaled sample is rounded once more
        }, iter: 20);

    [Fact]
    public void Compute_AnySignals_LiesBetweenMinusOneAndOne() =>
        Gen.Select(Gen.Float[-1, 1].Array[201, 1500], Gen.Int[0, 1000]).Sample((x, seed) =>
            Assert.All(Compute(Paper, x, Mixed(x, seed)), value => Assert.InRange(value, -1f, 1f)), iter: 50);

    [Fact]
    public void Compute_MoreNoiseAdded_IsLessAlike()
    {
        float[] x = StftTests.Noise(16000, 1), noise = StftTests.Noise(16000, 2);
        double[] means = [.. new[] { 0f, 0.1f, 0.5f, 1f, 3f }.Select(gain =>
            Compute(Paper, x, [.. x.Zip(noise, (a, b) => a + (gain * b))]).Average(value => (double)value))];
        Assert.Equal(means.OrderDescending(), means);
    }

    [Fact]
    public void Compute_Silence_IsZero()
    {
        float[] noise = StftTests.Noise(1000, 1), silence = new float[1000];
        Assert.All(Compute(Paper, noise, silence), value => Assert.Equal(0f, value));
        Assert.All(Compute(Paper, silence, noise), value => Assert.Equal(0f, value));
        Assert.All(Compute(Paper, silence, silence), value => Assert.Equal(0f, value));
    }

    [Theory]
    [InlineData(1000, 999, 402)]
    [InlineData(1000, 1000, 401)]
    [InlineData(200, 200, 402)]
    public void Compute_LengthsThatDoNotFit_Throw(int original, int enhanced, int similarity) =>
        Assert.Throws<ArgumentException>(() => SpectralSimilarity.Compute(Paper, new float[original], new float[enhanced], new float[similarity]));

    [Fact]
    public void ComputeByFrame_TwoFramesByHand_IsTheirCosineOverBins()
    {
        // As above, but frame 1 lies at sample 8 of 17, where it is not mirrored. Impulses one sample beside the middle, of opposite sides,
        // have real parts that are equal and imaginary ones that are opposite.
        var stft = new Stft(new StftParameters(8, 8, WindowKind.Hann));
        float[] x = new float[17], y = new float[17];
        (x[7], y[9]) = (3, 4);
        float[] similarity = ComputeByFrame(stft, x, y);
        Assert.Equal(6, similarity.Length);
        Assert.Equal([1f, -1f], similarity[2..4], (a, b) => MathF.Abs(a - b) < 1e-6f); // float rounding
    }

    [Fact]
    public void ComputeByFrame_AnyFrame_EqualsTheDefinition()
    {
        float[] x = StftTests.Noise(2000, 1), y = Mixed(x, 2), similarity = ComputeByFrame(Paper, x, y);
        (float[] xRe, float[] xIm) = StftTests.Transform(Paper, x);
        (float[] yRe, float[] yIm) = StftTests.Transform(Paper, y);
        for (int frame = 2; frame < 19; frame++) // the outermost are mirrored, and nearly without imaginary part
        {
            Range bins = (frame * 201)..((frame + 1) * 201);
            Assert.Equal(Cosine(xRe[bins], yRe[bins]), similarity[2 * frame], 1e-5); // lanes of another transform round otherwise
            Assert.Equal(Cosine(xIm[bins], yIm[bins]), similarity[(2 * frame) + 1], 1e-5);
        }
    }

    [Fact]
    public void ComputeByFrame_EitherSignalScaled_IsUnchanged()
    {
        float[] x = StftTests.Noise(2000, 1), y = Mixed(x, 2);
        float[] plain = ComputeByFrame(Paper, x, y), scaled = ComputeByFrame(Paper, [.. x.Select(v => v * 1e-4f)], [.. y.Select(v => v * 100)]);
        for (int i = 4; i < plain.Length - 4; i++) // of the mirrored frames the imaginary parts are rounding errors
            Assert.Equal(plain[i], scaled[i], 1e-5f); // every scaled sample is rounded once more
    }

    [Fact]
    public void ComputeByFrame_Silence_IsZero()
    {
        float[] noise = StftTests.Noise(1000, 1), silence = new float[1000];
        Assert.All(ComputeByFrame(Paper, noise, silence), value => Assert.Equal(0f, value));
        Assert.All(ComputeByFrame(Paper, silence, silence), value => Assert.Equal(0f, value));
    }

    [Theory]
    [InlineData(1000, 999, 22, "999 enhanced samples do not match 1000")]
    [InlineData(1000, 1000, 21, "11 frames have 22 similarities, not 21")]
    public void ComputeByFrame_LengthsThatDoNotFit_SaysWhich(int original, int enhanced, int similarity, string sentence)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => SpectralSimilarity.ComputeByFrame(Paper, new float[original], new float[enhanced], new float[similarity]));
        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
    }

    private static float[] Compute(Stft stft, float[] original, float[] enhanced)
    {
        var similarity = new float[2 * stft.Parameters.Bins];
        SpectralSimilarity.Compute(stft, original, enhanced, similarity);
        return similarity;
    }

    private static float[] ComputeByFrame(Stft stft, float[] original, float[] enhanced)
    {
        var similarity = new float[2 * stft.Parameters.FramesOf(original.Length)];
        SpectralSimilarity.ComputeByFrame(stft, original, enhanced, similarity);
        return similarity;
    }

    private static double Cosine(float[] a, float[] b) =>
        a.Zip(b, (p, q) => (double)p * q).Sum() / Math.Sqrt(a.Sum(p => (double)p * p) * b.Sum(q => (double)q * q));

    private static float[] Mixed(float[] x, int seed) => [.. x.Zip(StftTests.Noise(x.Length, seed), (a, b) => a + b)];
}
