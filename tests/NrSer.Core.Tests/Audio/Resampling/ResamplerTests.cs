using CsCheck;
using NrSer.Core.Audio.Resampling;

namespace NrSer.Core.Tests.Audio.Resampling;

public sealed class ResamplerTests
{
    private const int SpeechRateHz = 16_000;
    private static readonly int[] SplitRatesHz = [8_000, 11_025, 16_000, 44_100, 44_101, 48_000, 767_999];

    public static TheoryData<int> InputRatesHz => [8_000, 11_025, 22_050, 32_000, 44_100, 44_101, 48_000, 96_000];

    [Theory]
    [MemberData(nameof(InputRatesHz))]
    public void Process_SineInPassBand_KeepsLevelAndTime(int inputRateHz)
    {
        double passEdgeHz = 0.45 * Math.Min(inputRateHz, SpeechRateHz);
        foreach (double frequencyHz in (double[])[50, 440, 0.5 * passEdgeHz, 0.9 * passEdgeHz, passEdgeHz])
        {
            float[] output = Resample(Sine(frequencyHz, inputRateHz), inputRateHz, SpeechRateHz);
            double error = RelativeError(output, frequencyHz);

            // 0.05 dB is a factor of 1.0058; an error of 0.0005 bounds the level to 0.005 dB and the delay to 1/10,000 of a period.
            Assert.True(error < 5e-4, $"{frequencyHz} Hz: {error:E1}");
        }
    }

    [Theory]
    [MemberData(nameof(InputRatesHz))]
    public void Process_SineInStopBand_IsRemoved(int inputRateHz)
    {
        double edgeHz = 0.55 * SpeechRateHz;
        Assert.SkipWhen(edgeHz >= 0.5 * inputRateHz, "A lower rate has no stop band; what it has are images, see Process_RateRaised_LeavesNoImages.");
        for (double frequencyHz = edgeHz; frequencyHz < 0.5 * inputRateHz; frequencyHz *= 1.07)
        {
            double levelDb = LevelDb(Resample(Sine(frequencyHz, inputRateHz), inputRateHz, SpeechRateHz));
            Assert.True(levelDb < -94, $"{frequencyHz} Hz: {levelDb:0.0} dB"); // designed for 96
        }
    }

    [Theory]
    [InlineData(8_000)]
    [InlineData(11_025)]
    public void Process_RateRaised_LeavesNoImages(int inputRateHz)
    {
        double frequencyHz = 0.45 * inputRateHz;
        float[] output = Resample(Sine(frequencyHz, inputRateHz), inputRateHz, SpeechRateHz);

        // 96 dB for the image, and as much for the ripple of the sine itself.
        Assert.True(20 * Math.Log10(RelativeError(output, frequencyHz)) < -90);
    }

    [Fact]
    public void Process_AnySplitOfTheInput_GivesTheSameBits() =>
        Gen.Select(
            Gen.Int[0, SplitRatesHz.Length - 1].Select(index => SplitRatesHz[index]),
            Gen.Float[-1, 1].Array[0, 6000],
            Gen.Int[0, 2500].Array[0, 12])
            .Sample(
                (inputRateHz, input, cuts) =>
                    Assert.Equal(Resample(input, inputRateHz, SpeechRateHz), ResampleInBlocks(input, cuts, inputRateHz, SpeechRateHz)),
                iter: 60);

    [Fact]
    public void Flush_AnyLength_GivesEveryOutputInstantWithinTheInput() =>
        Gen.Select(Gen.Int[1_000, 200_000], Gen.Int[1_000, 200_000], Gen.Int[0, 3000])
            .Where((inputRateHz, outputRateHz, _) => inputRateHz < 20 * outputRateHz)
            .Sample(
                (inputRateHz, outputRateHz, inputSamples) => Assert.Equal(
                    (((long)inputSamples * outputRateHz) + inputRateHz - 1) / inputRateHz,
                    Resample(new float[inputSamples], inputRateHz, outputRateHz).LongLength),
                iter: 30);

    [Fact]
    public void Flush_ThenNewSignal_StartsAfresh()
    {
        Resampler resampler = new(44_100, SpeechRateHz);
        float[] input = Sine(440, 44_100);
        Assert.Equal(Run(resampler, input), Run(resampler, input));
    }

    [Fact]
    public void Process_EqualRates_CopiesBits()
    {
        float[] input = Sine(440, SpeechRateHz);
        Assert.Equal(input, Resample(input, SpeechRateHz, SpeechRateHz));
    }

    [Fact]
    public void Process_Constant_StaysExactlyLevel()
    {
        float[] input = new float[44_101];
        Array.Fill(input, 0.5f);
        float[] output = Resample(input, 44_101, SpeechRateHz);

        // Rounding of some 180 float products.
        Assert.All(output.Skip(100).SkipLast(100), sample => Assert.Equal(0.5f, sample, 1e-6f));
    }

    [Fact]
    public void CreateMany_Channels_EqualSingleOnes()
    {
        float[] input = Sine(1000, 48_000);
        float[] expected = Resample(input, 48_000, SpeechRateHz);
        Assert.All(Resampler.CreateMany(3, 48_000, SpeechRateHz), resampler => Assert.Equal(expected, Run(resampler, input)));
    }

    [Fact]
    public void Process_RoomTooSmall_Throws() =>
        Assert.Throws<ArgumentException>(() => new Resampler(8_000, SpeechRateHz).Process(new float[100], new float[100]));

    [Theory]
    [InlineData(999, 16_000)]
    [InlineData(16_000, 768_001)]
    public void Constructor_RateOutOfRange_Throws(int inputRateHz, int outputRateHz) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Resampler(inputRateHz, outputRateHz));

    private static float[] Sine(double frequencyHz, int rateHz)
    {
        float[] samples = new float[rateHz / 2];
        for (int n = 0; n < samples.Length; n++)
            samples[n] = (float)Math.Sin(2 * Math.PI * frequencyHz * n / rateHz);
        return samples;
    }

    private static float[] Resample(float[] input, int inputRateHz, int outputRateHz) => Run(new(inputRateHz, outputRateHz), input);

    private static float[] Run(Resampler resampler, float[] input)
    {
        float[] output = new float[resampler.MaxOutputSamples(input.Length) + resampler.MaxOutputSamples(0)];
        int written = resampler.Process(input, output);
        written += resampler.Flush(output.AsSpan(written));
        return output[..written];
    }

    private static float[] ResampleInBlocks(float[] input, int[] cuts, int inputRateHz, int outputRateHz)
    {
        Resampler resampler = new(inputRateHz, outputRateHz);
        List<float> output = [];
        float[] room = new float[resampler.MaxOutputSamples(input.Length)];
        ReadOnlySpan<float> rest = input;
        foreach (int cut in cuts)
        {
            int taken = Math.Min(cut, rest.Length);
            output.AddRange(room.AsSpan(0, resampler.Process(rest[..taken], room)));
            rest = rest[taken..];
        }

        output.AddRange(room.AsSpan(0, resampler.Process(rest, room)));
        output.AddRange(room.AsSpan(0, resampler.Flush(room)));
        return [.. output];
    }

    // Edges are left out: there the sine begins and ends abruptly, which is no sine.
    private static Span<float> Middle(float[] output) => output.AsSpan(output.Length / 4, output.Length / 2);

    private static double RelativeError(float[] output, double frequencyHz)
    {
        int start = output.Length / 4;
        double error = 0;
        Span<float> middle = Middle(output);
        for (int n = 0; n < middle.Length; n++)
            error += Math.Pow(middle[n] - Math.Sin(2 * Math.PI * frequencyHz * (start + n) / SpeechRateHz), 2);
        return Math.Sqrt(2 * error / middle.Length);
    }

    private static double LevelDb(float[] output)
    {
        double power = 0;
        foreach (float sample in Middle(output))
            power += (double)sample * sample;
        return 10 * Math.Log10((2 * power / Middle(output).Length) + 1e-20);
    }
}
