using NrSer.Core.Enhancement;
using NrSer.Core.Models;
using NrSer.Core.Tests.Signal;
using NrSer.Testing;

namespace NrSer.Core.Tests.Enhancement;

public sealed class OnnxSpeechEnhancerTests
{
    /// <summary>Blocks of 4096 that overlap by 1024, and blocks of 8000 side by side.</summary>
    public static TheoryData<string, int> Lengths
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (int length in new[] { 0, 1, 2, 100, 255, 257, 3071, 4095, 4096, 4097, 5120, 7168, 7169, 8191, 30_000 })
                data.Add("identity-512", length);
            foreach (int length in new[] { 0, 1, 199, 201, 7999, 8000, 8001, 16_000, 16_001, 50_000 })
                data.Add("identity-400", length);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Enhance_NetworkThatChangesNothing_ReturnsTheInput(string network, int length)
    {
        float[] x = StftTests.Noise(length, length), y = Enhance(network, x);
        for (int i = 0; i < x.Length; i++)
            Assert.Equal(x[i], y[i], 2e-5f); // compression to the power of 0.3 and back multiplies the rounding of log and exp
    }

    [Fact]
    public void Enhance_ConstantSignal_HasNoSeams()
    {
        float[] x = new float[30_000];
        Array.Fill(x, 0.5f);
        Assert.All(Enhance("identity-512", x), value => Assert.Equal(0.5f, value, 1e-5f)); // the slopes of two blocks add up to one
    }

    [Fact]
    public void Enhance_WhiteNoise_IsNotDelayed()
    {
        // White noise: any shift, even by one sample, drops the correlation to almost nothing.
        float[] x = StftTests.Noise(20_000, 3), y = Enhance("identity-400", x);
        int best = Enumerable.Range(-300, 601).MaxBy(lag =>
            Enumerable.Range(300, x.Length - 600).Sum(n => (double)x[n] * y[n + lag]));
        Assert.Equal(0, best);
    }

    [Theory]
    [InlineData(1e-3f)]
    [InlineData(100f)]
    [InlineData(1e-6f)]
    public void Enhance_InputScaled_ScalesTheOutput(float gain)
    {
        float[] x = StftTests.Noise(10_000, 4);
        float[] plain = Enhance("mixing-512", x), scaled = Enhance("mixing-512", [.. x.Select(value => value * gain)]);
        for (int i = 0; i < x.Length; i++)
            Assert.Equal(plain[i], scaled[i] / gain, 1e-4f); // each sample and the level are rounded once more, then raised to 1/0.3
    }

    [Fact]
    public void Enhance_SilentBlock_IsPassedThrough()
    {
        float[] x = StftTests.Noise(24_000, 5);
        x.AsSpan(8000, 8000).Clear();
        x[9000] = 1e-9f; // quieter than any recording: still silence
        float[] y = Enhance("identity-400", x);
        Assert.Equal(x[8000..16_000], y[8000..16_000]);
        Assert.All(Enhance("mixing-512", new float[10_000]), value => Assert.Equal(0f, value));
    }

    [Fact]
    public void Enhance_NetworkThatRemovesEverything_ReturnsZeros() =>
        Assert.All(Enhance("zero-512", StftTests.Noise(10_000, 6)), value => Assert.Equal(0f, value));

    [Fact]
    public void Enhance_MoreThreads_GiveTheSameBits()
    {
        float[] x = StftTests.Noise(60_000, 8), one = Enhance("mixing-512", x);
        Assert.Equal(one, Enhance("mixing-512", x, threads: 2));
        Assert.Equal(one, Enhance("mixing-512", x, threads: 5));
    }

    [Fact]
    public void Enhance_Cancelled_ThrowsOperationCanceled()
    {
        using OnnxModel model = TestCatalog.Load("identity-512");
        var enhancer = new OnnxSpeechEnhancer(model, threads: 2);
        var cancelled = new CancellationToken(canceled: true);
        Assert.ThrowsAny<OperationCanceledException>(() => enhancer.Enhance(new float[30_000], new float[30_000], cancelled));
    }

    [Fact]
    public void Enhance_OutputOfAnotherLength_Throws()
    {
        using OnnxModel model = TestCatalog.Load("identity-512");
        var enhancer = new OnnxSpeechEnhancer(model, threads: 1);
        Assert.Throws<ArgumentException>(() => enhancer.Enhance(new float[10], new float[11], CancellationToken.None));
    }

    [Fact]
    public void Constructor_ModelOfAnotherKind_Throws()
    {
        using OnnxModel model = TestCatalog.Load("emotion");
        Assert.Throws<ArgumentException>(() => new OnnxSpeechEnhancer(model, threads: 1));
    }

    private static float[] Enhance(string network, float[] x, int threads = 1)
    {
        using OnnxModel model = TestCatalog.Load(network);
        var y = new float[x.Length];
        new OnnxSpeechEnhancer(model, threads).Enhance(x, y, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(y, float.IsNaN);
        return y;
    }
}
