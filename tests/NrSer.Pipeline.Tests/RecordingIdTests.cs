using CsCheck;

namespace NrSer.Pipeline.Tests;

public sealed class RecordingIdTests
{
    private static readonly DateTimeOffset s_created = new(2026, 3, 9, 23, 30, 0, TimeSpan.Zero);

    // printf 'recordings/a b.wav\n0x8DC' | sha256sum
    [Fact]
    public void Of_HandWorkedUpload_IsDayAndHash() =>
        Assert.Equal("20260309-4d0ceb4e1da64e4f", RecordingId.Of(s_created, "recordings", "a b.wav", "0x8DC").Value);

    [Fact]
    public void Of_QuotedETag_IsTheSame() =>
        Assert.Equal(RecordingId.Of(s_created, "recordings", "a.wav", "0x8DC"), RecordingId.Of(s_created, "recordings", "a.wav", "\"0x8DC\""));

    [Fact]
    public void Of_OtherZone_TakesTheDayInUtc() =>
        Assert.Equal("20260309", RecordingId.Of(s_created.ToOffset(TimeSpan.FromHours(5)), "recordings", "a.wav", "1").Day);

    [Theory]
    [InlineData("recordings", "a.wav", "2")]
    [InlineData("recordings", "b.wav", "1")]
    [InlineData("others", "a.wav", "1")]
    public void Of_AnotherUpload_IsAnotherId(string container, string blobName, string etag) =>
        Assert.NotEqual(RecordingId.Of(s_created, "recordings", "a.wav", "1"), RecordingId.Of(s_created, container, blobName, etag));

    [Fact]
    public void Parse_OfItsText_RestoresIt() => Gen.Select(Gen.DateTimeOffset, Gen.String, Gen.String).Sample((created, name, etag) =>
    {
        RecordingId id = RecordingId.Of(created, "recordings", name, etag);
        Assert.Equal(id, RecordingId.Parse(id.ToString()));
        Assert.Equal($"{id.Date.Replace("-", "", StringComparison.Ordinal)}", id.Day);
    });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("20260309")]
    [InlineData("20260309-3AC2FD5BD2FD8C51")]
    [InlineData("20260309-3ac2fd5bd2fd8c5")]
    [InlineData("20260309-3ac2fd5bd2fd8c511")]
    [InlineData("20260309_3ac2fd5bd2fd8c51")]
    [InlineData("2026030a-3ac2fd5bd2fd8c51")]
    [InlineData("../60309-3ac2fd5bd2fd8c51")]
    public void TryParse_NoId_IsFalse(string? text)
    {
        Assert.False(RecordingId.TryParse(text, out RecordingId id));
        Assert.Equal(default, id);
    }

    [Fact]
    public void Parse_NoId_Throws() => Assert.Throws<FormatException>(() => RecordingId.Parse("yesterday's"));

    [Fact]
    public void Default_IsEmptyAndSafe() =>
        Assert.Equal(("", "", "", ""), (default(RecordingId).Value, default(RecordingId).Day, default(RecordingId).Date, $"{default(RecordingId)}"));
}
