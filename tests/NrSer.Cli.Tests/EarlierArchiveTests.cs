using NrSer.Pipeline.Results;

namespace NrSer.Cli.Tests;

public sealed class EarlierArchiveTests
{
    private static readonly Feed s_feed = new() { Id = "f", Url = "https://Example.org/shows/a?token=1" };

    private static readonly Episode s_episode = new()
    {
        FeedId = "f", Key = "k", ItemId = "b3c1-17", Title = "One, twice", Url = "https://cdn.example.org/one.mp3?key=1",
        PublishedAt = new DateTimeOffset(2020, 4, 1, 23, 30, 0, TimeSpan.Zero),
    };

    [Theory]
    [InlineData("example.org/shows/a-b3c1-17", true)]
    [InlineData("example.org/shows/a-20200401-One, twice.mp3", true)]
    [InlineData("example.org/shows/a-20200402-One, twice.mp3", true)] // by a clock in the east
    [InlineData("example.org/shows/a-20200404-One, twice.mp3", false)]
    [InlineData("example.org/shows/a-20200401-One, twice.jpg", false)]
    [InlineData("https://cdn.example.org/one.mp3", true)]
    [InlineData("moved.example/a-b3c1-17", false)] // as short, it may be another's
    public void Has_EveryFormOfAName_IsKnown(string name, bool expected) => Assert.Equal(expected, Archive(name).Has(s_feed, s_episode));

    [Fact]
    public void Has_LongGuid_IsKnownWhereverItsFeedHasMoved() => Assert.True(
        Archive("moved.example/b-1-0d5f3f1c-5a1e-4a55-9d4c-5d3c9a4b7e10").Has(s_feed, s_episode with
        {
            ItemId = "0d5f3f1c-5a1e-4a55-9d4c-5d3c9a4b7e10",
        }));

    private static EarlierArchive Archive(string name) => new("podcast-dl", new HashSet<string>([name], StringComparer.Ordinal));
}
