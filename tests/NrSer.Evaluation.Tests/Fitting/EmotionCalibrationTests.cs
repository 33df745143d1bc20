using NrSer.Evaluation.Fitting;

namespace NrSer.Evaluation.Tests.Fitting;

public sealed class EmotionCalibrationTests
{
    // Nine of ten are right where the network says 99 %: sigmoid(ln 99 / T) = 0.9, T = ln 99 / ln 9.
    [Fact]
    public void TemperatureOf_TooSure_IsTheValueByHand()
    {
        EmotionCalibration.Heard[] all =
            [.. Enumerable.Range(0, 100).Select(i => new EmotionCalibration.Heard("", i % 10 == 0 ? 1 : 0, [Math.Log(99), 0]))];
        double temperature = EmotionCalibration.TemperatureOf(all, [.. Enumerable.Range(0, 100)]);
        Assert.Equal(Math.Log(99) / Math.Log(9), temperature, 1e-3);
        Assert.Equal(0.9, all[0].At(temperature).Confidence, 1e-3);
        Assert.Equal(-Math.Log(0.1), all[0].At(temperature).Loss, 1e-2);
    }

    // Of ten, the surest six are right, the seventh is not, the eighth is, the rest are not.
    [Theory]
    [InlineData(1.0, 6)]
    [InlineData(0.85, 8)] // 7 of 8
    [InlineData(0.7, 10)] // 7 of 10
    [InlineData(0.9, 6)]
    public void ThresholdOf_Answers_KeepsAsManyAsAreRightSoOften(double right, int kept)
    {
        EmotionCalibration.Heard[] all = Ten();
        double threshold = EmotionCalibration.ThresholdOf(all, [.. Enumerable.Range(0, 10)], temperature: 1, right);
        Assert.Equal(kept, all.Count(item => item.At(1).Confidence >= threshold));
    }

    [Fact]
    public void ThresholdOf_NeverRightEnough_IsOutOfReach() =>
        Assert.True(EmotionCalibration.ThresholdOf([new("", 1, [3, 0]), new("", 1, [2, 0])], [0, 1], 1, 0.5) > 1);

    private static EmotionCalibration.Heard[] Ten() =>
        [.. Enumerable.Range(0, 10).Select(i => new EmotionCalibration.Heard("", i is < 6 or 7 ? 0 : 1, [3 - (0.2 * i), 0]))];
}
