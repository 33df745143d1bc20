using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Podcasts.Feeds;
using NrSer.Pipeline.Results;

namespace NrSer.Pipeline.Tests.Podcasts;

public sealed class EpisodeMergeTests
{
    private const string FeedId = "0123456789abcdef";

    [Fact]
    public void Add_SameFeedTwice_FindsNothingNew()
    {
        FeedItem[] items = [Item("1", "http://a/1.mp3"), Item(null, "http://a/2.mp3?x=1"), Item("same", "http://a/3.mp3"), Item("same",
            "http://a/4.mp3")];

        Assert.Equal(4, First(items).New.Count);
        EpisodeMerge again = Again(items, items);

        Assert.Empty(again.New);
        Assert.Empty(again.Changed);
    }

    [Fact]
    public void Add_AnythingThatChanges_IsTheSameEpisode()
    {
        FeedItem[] before = [Item("1", "http://a/1.mp3?t=1"), Item(null, "http://a/2.mp3?t=1"), Item("3", "http://a/3.mp3")];

        Assert.Empty(Again(before, [before[0] with { Title = "Other" }, before[1] with { Title = "Other" }]).New);
        Assert.Empty(Again(before, [Item("1", "http://a/1.mp3?t=2"), Item(null, "http://a/2.mp3?t=2")]).New); // query
        Assert.Empty(Again(before, [Item("1", "https://b/files/1.mp3")]).New); // host
        Assert.Empty(Again(before, [Item("one", "http://a/1.mp3?t=1"), Item("two", "http://a/2.mp3?t=2")]).New); // GUID
    }

    [Fact]
    public void Add_QueryThatTellsFilesApart_Counts()
    {
        FeedItem[] before = [Item(null, "http://a/get?id=1"), Item(null, "http://a/get?id=2")];

        Assert.Equal(2, First(before).New.Count);
        Assert.Single(Again(before, [.. before, Item(null, "http://a/get?id=3")]).New);
    }

    [Fact]
    public void Add_OneFileUnderTwoGuids_IsTwoEpisodes_WhoseContentDecides() =>
        Assert.Equal(2, First([Item("1", "http://a/1.mp3"), Item("2", "http://a/1.mp3")]).New.Count);

    [Fact]
    public void Add_GuidThatBecomesShared_KeepsWhatWasKnown()
    {
        FeedItem[] before = [Item("same", "http://a/1.mp3")];
        EpisodeMerge again = Again(before, [Item("same", "http://a/2.mp3"), .. before]);
        Assert.Equal("http://a/2.mp3", again.All.Single(episode => again.New.Contains(episode.Key)).Url);
    }

    [Fact]
    public void Add_WhatIsStored_KeepsItsAddress_WhateverTokensTheFeedHasNow()
    {
        Episode stored = First([Item("1", "http://a/1.mp3?token=1")]).All.Single() with { Status = EpisodeStatus.Stored };
        var again = new EpisodeMerge(FeedId, [stored]);
        again.Add([Item("1", "http://a/1.mp3?token=2")]);
        Assert.Empty(again.Changed);
        Assert.Equal(stored, again.All.Single());
    }

    [Fact]
    public void Apply_Rules_SkipWithAReason_AndListAgainWhenTheyChange()
    {
        EpisodeMerge episodes = First([.. Enumerable.Range(1, 4).Select(day => Item($"{day}", $"http://a/{day}.mp3") with
        {
            Title = $"Day {day}", PublishedAt = new DateTimeOffset(2020, 1, day, 0, 0, 0, TimeSpan.Zero),
        })]);
        var feed = new Feed { Id = FeedId, Since = new DateTimeOffset(2020, 1, 2, 0, 0, 0, TimeSpan.Zero), Limit = 2, Match = "day [1-3]" };

        EpisodeRules.Apply(feed, episodes);
        Assert.Equal(["Day 2", "Day 3"], Listed());
        Assert.Contains(episodes.All, episode => episode is { Title: "Day 4", Reason: "Its title does not match 'day [1-3]'." });

        EpisodeRules.Apply(feed with { Since = null, Limit = 1, Match = null }, episodes);
        Assert.Equal(["Day 4"], Listed());

        IEnumerable<string?> Listed() =>
            episodes.All.Where(episode => episode.Status == EpisodeStatus.Listed).Select(episode => episode.Title).Order(StringComparer.Ordinal);
    }

    private static EpisodeMerge First(FeedItem[] items)
    {
        var merge = new EpisodeMerge(FeedId, []);
        merge.Add(items);
        return merge;
    }

    private static EpisodeMerge Again(FeedItem[] before, FeedItem[] after)
    {
        var merge = new EpisodeMerge(FeedId, First(before).All);
        merge.Add(after);
        return merge;
    }

    private static FeedItem Item(string? id, string url) =>
        new() { ItemId = id, Title = "T", Enclosures = [new FeedLink(new Uri(url), "audio/mpeg", null)] };
}
