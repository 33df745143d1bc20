using NrSer.Core.Emotion;

namespace NrSer.Core.Tests.Emotion;

public sealed class TrainedWindowsTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData(4, 8)]
    public void Samples_OfALengthThatWasTrained_AreTheSegments(int? shortest, int? longest)
    {
        float[] batch = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        using var windows = new TrainedWindows(shortest is null ? null : [shortest.Value, longest!.Value], batch, 2);
        Assert.Equal((2, 5), (windows.Count, windows.Length));
        Assert.Equal(batch, windows.Samples.ToArray());
    }

    [Fact]
    public void Samples_OfShorterSegments_AreRepeated()
    {
        using var windows = new TrainedWindows([5, 9], new float[] { 1, 2, 3, 4 }, 2);
        Assert.Equal([1, 2, 1, 2, 1, 3, 4, 3, 4, 3], windows.Samples.ToArray());
    }

    // 7 samples in windows of 3 from 0, 2 and 4; the answer to a segment is the mean of those to its windows.
    [Fact]
    public void Samples_OfLongerSegments_AreEvenWindowsWhoseAnswersAreAveraged()
    {
        using var windows = new TrainedWindows([2, 3], new float[] { 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17 }, 2);
        Assert.Equal((6, 3), (windows.Count, windows.Length));
        Assert.Equal([1, 2, 3, 3, 4, 5, 5, 6, 7, 11, 12, 13, 13, 14, 15, 15, 16, 17], windows.Samples.ToArray());
        float[] answers = [1, 10, 2, 20, 6, 60, 100, 0, 200, 0, 300, 0];
        windows.Average(answers, 2);
        Assert.Equal([3, 30, 200, 0], answers[..4]);
    }
}
