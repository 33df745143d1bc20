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

    [Fact]
    public void Forward_WindowsThatAddUpToOne_KeepEnergy()
    {
        // √Hann at half a frame: Σ w² = 1 at every sample, so Σ|X|² over all N bins and frames is N·Σx² (Parseval).
        const int Fft = 64;
        var stft = new Stft(new StftParameters(Fft, Fft / 2, WindowKind.SqrtHann));
        float[] signal = new float[1600];
        Noise(1408, seed: 5).CopyTo(signal, 96); // silent edges, for reflection would add to the energy
        (float[] re, float[] im) = Transform(stft, signal);
        double energy = 0;
        for (int i = 0; i < re.Length; i++)
        {
            int bin = i % stft.Parameters.Bins;
            energy += (bin is 0 or Fft / 2 ? 1 : 2) * (((double)re[i] * re[i]) + ((double)im[i] * im[i])); // the other half mirrors these
        }

        Assert.Equal(1, energy / Fft / SignalLevel.Energy(signal), 1e-5); // float rounding of 25,000 squares
    }

    [Fact]
    public void Forward_SignalDelayedByHops_DelaysFrames()
    {
        var stft = new Stft(Paper);
        float[] signal = Noise(4000, seed: 6), delayed = new float[4300];
        signal.CopyTo(delayed, 300);
        (float[] re, float[] im) = Transform(stft, signal);
        (float[] lateRe, float[] lateIm) = Transform(stft, delayed);
        int bins = stft.Parameters.Bins;
        for (int i = 2 * bins; i < re.Length - (3 * bins); i++) // frames 2 to 37 reach over neither edge
        {
            // Not bit for bit: a frame may land in another place of the vector, where nothing may change, but let the compiler fuse as it likes.
            Assert.Equal(re[i], lateRe[i + (3 * bins)], 1e-4f);
            Assert.Equal(im[i], lateIm[i + (3 * bins)], 1e-4f);
        }
    }

    [Fact]
    public void Forward_CosineInTheMiddleOfABin_PutsHalfTheWindowThere()
    {
        // Hann, N = 16, x = cos(2π·3n/16): X[3] = ½·Σw = 4, its neighbours half of that with the other sign, 0 elsewhere.
        var stft = new Stft(new StftParameters(16, 16, WindowKind.Hann));
        float[] signal = [.. Enumerable.Range(0, 65).Select(n => (float)Math.Cos(2 * Math.PI * 3 * n / 16))];
        (float[] re, float[] im) = Transform(stft, signal);
        float[] frame = re[18..27]; // frame 2, samples 24 to 39: half a period of every odd bin late, so its sign is turned
        Assert.Equal([0f, 0f, 2f, -4f, 2f, 0f, 0f, 0f, 0f], frame, (a, b) => MathF.Abs(a - b) < 1e-5f); // float rounding of 16 terms
        Assert.All(im[18..27], value => Assert.Equal(0f, value, 1e-5f));
    }

    [Fact]
    public void ForwardAndInverse_OutputOfAnotherLength_Throw()
    {
        var stft = new Stft(Paper);
        Assert.Throws<ArgumentException>(() => stft.Forward(new float[1000], new float[10 * 201], new float[11 * 201]));
        Assert.Throws<ArgumentException>(() => stft.Forward(new float[1000], new float[11 * 201], new float[12 * 201]));
        Assert.Throws<ArgumentException>(() => stft.Inverse(new float[10 * 201], new float[11 * 201], new float[1000]));
        Assert.Throws<ArgumentException>(() => stft.Inverse(new float[11 * 201], new float[12 * 201], new float[1000]));
    }

    [Fact]
    public void Inverse_ImaginaryPartsOfTheEdgeBins_AreLeftOut()
    {
        var stft = new Stft(Paper);
        (float[] re, float[] im) = Transform(stft, Noise(1000, seed: 8));
        float[] plain = new float[1000], odd = new float[1000];
        stft.Inverse(re, im, plain);
        for (int frame = 0; frame < 11; frame++)
            (im[frame * 201], im[(frame * 201) + 200]) = (99, -99); // a network may answer this, no real signal has it
        stft.Inverse(re, im, odd);
        Assert.Equal(plain, odd);
    }

    [Fact]
    public void Inverse_WhereNoFrameReaches_IsSilent()
    {
        var stft = new Stft(new StftParameters(400, 400, WindowKind.Hann)); // whose frames begin with a weight of nothing
        float[] signal = Noise(1100, seed: 4), restored = new float[1100];
        (float[] re, float[] im) = Transform(stft, signal);
        Array.Fill(restored, 9);
        stft.Inverse(re, im, restored);
        Assert.All(restored[..1000], value => Assert.InRange(value, -8, 8)); // three frames, the first of them half before the signal
        Assert.All(restored[1000..], value => Assert.Equal(0, value));
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
