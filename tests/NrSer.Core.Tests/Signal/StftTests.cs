using CsCheck;
using NrSer.Core.Signal;

namespace NrSer.Core.Tests.Signal;

public sealed class StftTests
{
    private static readonly StftParameters Paper = new(400, 100, WindowKind.Hamming);

    public static TheoryData<int, int, WindowKind> Framings => new()
    {
        { 400, 100, WindowKind.Hamming },
        { 512, 256, WindowKind.SqrtHann },
        { 512, 128, WindowKind.Hann },
        { 12, 5, WindowKind.Hamming },
        { 30, 7, WindowKind.Hamming },
        { 8, 2, WindowKind.Hann },
    };

    [Theory]
    [MemberData(nameof(Framings))]
    public void Forward_AnyFraming_EqualsTheDefinition(int fft, int hop, WindowKind window)
    {
        var stft = new Stft(new StftParameters(fft, hop, window));
        float[] signal = Noise(fft * 3, seed: 7);
        (float[] re, float[] im) = Transform(stft, signal);
        float[] w = Stft.Periodic(window, fft);
        int bins = stft.Parameters.Bins;
        for (int t = 0; t < stft.Parameters.FramesOf(signal.Length); t++)
        {
            for (int k = 0; k < bins; k++)
            {
                double sumRe = 0, sumIm = 0;
                for (int n = 0; n < fft; n++)
                {
                    int at = Math.Abs((t * hop) + n - (fft / 2));
                    at = at < signal.Length ? at : (2 * (signal.Length - 1)) - at;
                    sumRe += w[n] * signal[at] * Math.Cos(2 * Math.PI * k * n / fft);
                    sumIm -= w[n] * signal[at] * Math.Sin(2 * Math.PI * k * n / fft);
                }

                Assert.Equal(sumRe, re[(t * bins) + k], 2e-5 * fft); // float rounding grows with the sum
                Assert.Equal(sumIm, im[(t * bins) + k], 2e-5 * fft);
            }
        }
    }

    [Fact]
    public void Forward_ImpulseInTheMiddleOfAFrame_IsFlat()
    {
        var stft = new Stft(new StftParameters(8, 8, WindowKind.Hann));
        float[] signal = new float[17];
        signal[8] = 1; // the middle of frame 1, where the window is 1, half a frame late: signs alternate
        (float[] re, float[] im) = Transform(stft, signal);
        Assert.Equal([1f, -1f, 1f, -1f, 1f], re.AsSpan(5, 5).ToArray(), (a, b) => MathF.Abs(a - b) < 1e-6f);
        Assert.All(im.AsSpan(5, 5).ToArray(), value => Assert.Equal(0f, value, 1e-6f));
    }

    [Fact]
    public void Inverse_OfForward_RestoresSignal() =>
        Gen.Select(Gen.Float[-1, 1].Array[401, 4000], Gen.Int[0, 2]).Sample((signal, which) =>
        {
            var stft = new Stft(which switch
            {
                0 => Paper,
                1 => new StftParameters(512, 256, WindowKind.SqrtHann),
                _ => new StftParameters(320, 80, WindowKind.Hann),
            });
            (float[] re, float[] im) = Transform(stft, signal);
            float[] restored = new float[signal.Length];
            stft.Inverse(re, im, restored);

            // Half a frame behind the last frame's centre only its weak edge is left; up to there the restoration is exact.
            int exact = (stft.Parameters.FramesOf(signal.Length) - 1) * stft.Parameters.HopSamples;
            for (int i = 0; i < exact; i++)
                Assert.Equal(signal[i], restored[i], 1e-5f);
        });

    [Fact]
    public void Forward_SumOfSignals_IsSumOfSpectra()
    {
        var stft = new Stft(Paper);
        float[] a = Noise(2000, 1), b = Noise(2000, 2), sum = new float[2000];
        for (int i = 0; i < sum.Length; i++)
            sum[i] = a[i] + b[i];
        (float[] aRe, _) = Transform(stft, a);
        (float[] bRe, _) = Transform(stft, b);
        (float[] sumRe, _) = Transform(stft, sum);
        for (int i = 0; i < sumRe.Length; i++)
            Assert.Equal(aRe[i] + bRe[i], sumRe[i], 1e-3f);
    }

    [Fact]
    public void Forward_SignalShorterThanHalfAFrame_Throws()
    {
        var stft = new Stft(Paper);
        Assert.Throws<ArgumentException>(() => Transform(stft, new float[200]));
        (float[] re, _) = Transform(stft, new float[201]);
        Assert.Equal(3 * 201, re.Length);
    }

    [Theory]
    [InlineData(401, 100)]
    [InlineData(14, 2)]
    [InlineData(400, 0)]
    [InlineData(400, 401)]
    public void Constructor_ImpossibleFraming_Throws(int fft, int hop) =>
        Assert.ThrowsAny<ArgumentException>(() => new Stft(new StftParameters(fft, hop, WindowKind.Hann)));

    internal static float[] Noise(int length, int seed)
    {
        var random = new Random(seed);
        var signal = new float[length];
        for (int i = 0; i < length; i++)
            signal[i] = (random.NextSingle() * 2) - 1;
        return signal;
    }

    internal static (float[] Re, float[] Im) Transform(Stft stft, float[] signal)
    {
        int size = stft.Parameters.FramesOf(signal.Length) * stft.Parameters.Bins;
        var re = new float[size];
        var im = new float[size];
        stft.Forward(signal, re, im);
        return (re, im);
    }
}
