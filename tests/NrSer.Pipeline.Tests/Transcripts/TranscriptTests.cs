using NrSer.Pipeline.Results;
using NrSer.Pipeline.Transcripts;

namespace NrSer.Pipeline.Tests.Transcripts;

public sealed class TranscriptTests
{
    private static readonly RecordingId s_id = RecordingId.Parse("20260309-0123456789abcdef");

    [Fact]
    public void Join_Words_BelongToTheSegmentWithMostOfThem()
    {
        var transcript = new Transcript([new(0, 4, "one"), new(4.5, 6, "two"), new(5, 6, "three"), new(9, 11.5, "four"), new(20, 21, "nobody")]);
        Segment[] segments = [Part(0, 0, 5), Part(0, 5, 10), Part(0, 10, 12), Part(1, 0, 12)];

        Assert.Equal(["one", "two three", "four", "one two three four"], transcript.Join(segments).Select(segment => segment.Text));
    }

    [Fact]
    public void Join_MoreThanACellHolds_IsCut()
    {
        var transcript = new Transcript([new(0, 1, new string('a', 1999) + "\U0001F600"), new(1, 2, new string('b', 40_000))]);
        Assert.Equal(new string('a', 1999), Assert.Single(transcript.Join([Part(0, 0, 5)])).Text);
    }

    [Theory]
    [InlineData(600.0, 600.0, 600, true)]
    [InlineData(610.0, 600.0, 600, true)] // a second a minute
    [InlineData(590.0, 600.0, 600, true)]
    [InlineData(610.5, 600.0, 600, false)] // as much as an advertisement
    [InlineData(589.5, 600.0, 600, false)]
    [InlineData(600.0, 600.0, 611, false)]
    [InlineData(null, 600.0, 600, false)]
    [InlineData(600.0, null, 600, false)]
    public void Fits_LengthsThatAgreeWithinASecondAMinute(double? declared, double? decoded, double end, bool expected) => Assert.Equal(
        expected,
        new Transcript([new(0, end, "all")]).Fits(new Recording { Id = s_id, DeclaredSeconds = declared, DurationSeconds = decoded }));

    private static Segment Part(int channel, double start, double end) =>
        new() { RecordingId = s_id, Channel = channel, StartSeconds = start, EndSeconds = end };
}
