using CsCheck;
using NrSer.Core.Signal;

namespace NrSer.Core.Tests.Signal;

public sealed class SignalLevelTests
{
    [Fact]
    public void Energy_HandValues_IsTheirSumOfSquares() => Assert.Equal(14, SignalLevel.Energy([1, -2, 3]));

    [Fact]
    public void Energy_OfManyEqualSamples_DoesNotLoseSmallOnes()
    {
        float[] signal = new float[4_800_000]; // the longest chunk
        Array.Fill(signal, 0.1f);
        double expected = signal.Length * (double)0.1f * 0.1f;
        Assert.Equal(1, SignalLevel.Energy(signal) / expected, 2.3e-5); // 1e-4 dB, as the block length promises
    }

    [Fact]
    public void Energy_WhereverTheSignalLiesInMemory_HasTheSameBits()
    {
        float[] signal = StftTests.Noise(12_345, 1);
        double expected = SignalLevel.Energy(signal);
        for (int offset = 0; offset < 64; offset++)
        {
            float[] moved = new float[signal.Length + offset];
            signal.CopyTo(moved, offset);
            Assert.Equal(expected, SignalLevel.Energy(moved.AsSpan(offset)));
        }
    }

    [Theory]
    [InlineData(1f, 0)]
    [InlineData(0.1f, -20)]
    [InlineData(-0.001f, -60)]
    [InlineData(2f, 6.0206)]
    public void Dbfs_ConstantMagnitude_IsItsLevel(float value, double expectedDbfs)
    {
        float[] signal = new float[5000];
        Array.Fill(signal, value);
        Assert.Equal(expectedDbfs, SignalLevel.Dbfs(signal), 1e-4); // what energy's float blocks promise
    }

    [Fact]
    public void Dbfs_FullScaleSine_IsThreeBelow()
    {
        float[] signal = [.. Enumerable.Range(0, 16000).Select(n => MathF.Sin(2 * MathF.PI * n * 100 / 16000))];
        Assert.Equal(-3.0103, SignalLevel.Dbfs(signal), 1e-4);
    }

    [Fact]
    public void Dbfs_Silence_IsMinusInfinity() => Assert.Equal(double.NegativeInfinity, SignalLevel.Dbfs(new float[10]));

    [Fact]
    public void Normaliser_Silence_IsNull()
    {
        Assert.Null(SignalLevel.Normaliser(new float[10]));
        Assert.Null(SignalLevel.Normaliser([]));
        Assert.Null(SignalLevel.Normaliser([5e-8f, -5e-8f])); // −146 dBFS
    }

    [Fact]
    // √(4 / 100)
    public void Normaliser_HandValue_IsTheInverseOfTheRootMeanSquare() => Assert.Equal(0.2f, SignalLevel.Normaliser([7, -1, 5, -5])!.Value, 1e-7f);

    [Fact]
    public void Normaliser_AnySignal_BringsMeanPowerToOne() =>
        Gen.Float[-1, 1].Array[1, 10000].Where(signal => signal.Any(value => Math.Abs(value) > 1e-3)).Sample(signal =>
        {
            float level = SignalLevel.Normaliser(signal)!.Value;
            float[] levelled = [.. signal.Select(value => value * level)];
            Assert.Equal(1, SignalLevel.Energy(levelled) / signal.Length, 2.3e-5); // 1e-4 dB
        });
}
