using System.Diagnostics;
using System.Text;
using System.Text.Json;
using NrSer.Pipeline.Podcasts.Feeds;

namespace NrSer.Pipeline.Tests.Podcasts.Feeds;

/// <summary>Corpus: the tests of gpodder's podcastparser (ISC) and the example of the podcast namespace, with their licences beside them.</summary>
public sealed class FeedReaderTests
{
    private static readonly Uri s_address = new("http://example.com/feed.xml");
    private static readonly Uri s_theirs = new("file://tests/data/x.rss"); // what the corpus counts relative addresses from

    public static TheoryData<string> Corpus => new(
        Directory.GetFiles(Folder, "*.rss").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal));

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Podcasts", "Feeds", "Corpus");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Corpus))]
    public async Task Read_Corpus_SaysWhatItStates(string name)
    {
        await using FileStream file = File.OpenRead(Path.Combine(Folder, $"{name}.rss"));
        using JsonDocument stated = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, $"{name}.json"), Stop));

        FeedDocument feed = await FeedReader.ReadAsync(file, s_theirs, charset: null, Stop);

        Assert.True(feed.IsWhole);
        string? title = feed.Title is null ? name : string.Join(' ', feed.Title.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(Text(stated.RootElement, "title"), title); // theirs falls back to the file's name
        Assert.Equal(Text(stated.RootElement, "new_url"), feed.MovedTo?.AbsoluteUri);
        Assert.Equal(Text(stated.RootElement, "paged_feed_next"), feed.Older?.AbsoluteUri);

        // Theirs leaves out what it could not play, and sorts serials; ours are judged by who downloads.
        List<FeedItem> items = [.. feed.Items];
        foreach (JsonElement episode in stated.RootElement.GetProperty("episodes").EnumerateArray())
        {
            string[] files = [.. episode.GetProperty("enclosures").EnumerateArray().Select(enclosure => Text(enclosure, "url")!)];
            int at = items.FindIndex(item => item.Enclosures.Select(file => file.Url.AbsoluteUri).SequenceEqual(files));
            Assert.True(at >= 0, $"No item has {string.Join(", ", files)}.");
            FeedItem item = items[at];
            items.RemoveAt(at);
            Assert.Equal(
                episode.GetProperty("enclosures").EnumerateArray().Select(enclosure => enclosure.GetProperty("file_size").GetInt64()),
                item.Enclosures.Select(file => file.Bytes ?? -1));
            string?[] ids = item.ItemId is { } id // verbatim; theirs is counted from the base where it says that it is a link
                ? [id, new Uri(s_theirs, id).AbsoluteUri, $"http://example.com/podcast/{id}"]
                : [.. files, item.Link?.AbsoluteUri]; // theirs falls back to what else there is
            Assert.Contains(Text(episode, "guid"), ids);
            if (item.Title is not null)
                Assert.Equal(Text(episode, "title"), item.Title);
            else
                Assert.Contains(Text(episode, "title")!, files[0], StringComparison.Ordinal);
            Assert.Equal(episode.GetProperty("total_time").GetDouble(), item.DurationSeconds ?? 0);
            Assert.Equal(episode.GetProperty("published").GetInt64(), item.PublishedAt?.ToUnixTimeSeconds() ?? 0);
            Assert.Equal(Number(episode, "season"), item.Season);
            Assert.Equal(Number(episode, "number"), item.Number);
            Assert.Equal(Text(episode, "transcript_url"), item.Transcript?.Url.AbsoluteUri);
            Assert.Equal(Text(episode, "chapters_json_url"), item.Chapters?.Url.AbsoluteUri);
        }

        static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
        static int? Number(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : null;
    }

    [Fact]
    public async Task Read_ExampleOfThePodcastNamespace_LeavesLiveShowsOut()
    {
        await using FileStream file = File.OpenRead(Path.Combine(Folder, "example.xml"));
        FeedDocument feed = await FeedReader.ReadAsync(file, s_address, charset: null, Stop);

        Assert.Equal("Podcasting 2.0 Namespace Example", feed.Title);
        Assert.Equal(["https://example.com/ep0003", "https://example.com/ep0002", "https://example.com/ep0001"], feed.Items.Select(item =>
            item.ItemId));
        Assert.All(feed.Items, item => Assert.NotNull(item.Audio));
        Assert.All(feed.Items, item => Assert.NotNull(item.Transcript));
    }

    [Fact]
    public async Task Read_ElementsOfThePodcastNamespaceAlone_AreNoFeed()
    {
        await using FileStream file = File.OpenRead(Path.Combine(Folder, "podcast-example.xml"));
        await Assert.ThrowsAsync<InvalidFeedException>(() => FeedReader.ReadAsync(file, s_address, charset: null, Stop));
    }

    [Fact]
    public async Task Read_Rss10_FindsItemsBesideTheChannel()
    {
        FeedDocument feed = await ReadAsync(
            """
            <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
                xmlns:dc="http://purl.org/dc/elements/1.1/"
                xmlns:enc="http://purl.oclc.org/net/rss_2.0/enc#">
              <channel rdf:about="http://example.com/"><title>Old</title>
                <items><rdf:Seq><rdf:li resource="http://example.com/1"/></rdf:Seq></items></channel>
              <image rdf:about="http://example.com/i.png"><title>Not this</title></image>
              <item rdf:about="http://example.com/1">
                <title>One</title><dc:date>2004-05-06T07:08:09+02:00</dc:date>
                <enc:enclosure rdf:resource="http://example.com/1.mp3" enc:type="audio/mpeg" enc:length="77"/>
              </item>
            </rdf:RDF>
            """);

        FeedItem item = Assert.Single(feed.Items);
        Assert.Equal(("Old", "One", "http://example.com/1"), (feed.Title, item.Title, item.ItemId));
        Assert.Equal(new DateTimeOffset(2004, 5, 6, 5, 8, 9, TimeSpan.Zero), item.PublishedAt);
        Assert.Equal(new FeedLink(new Uri("http://example.com/1.mp3"), "audio/mpeg", 77), item.Audio);
    }

    [Fact]
    public async Task Read_AtomWithEnclosureLinks_ReadsThem()
    {
        FeedDocument feed = await ReadAsync(
            """
            <feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.org/show/"><title type="html">A &amp;amp; B</title>
              <link rel="self" href="feed.atom"/><link rel="prev-archive" href="archive/1.atom"/>
              <entry><id>tag:1</id><title>One</title><published>2020-01-02T03:04:05Z</published>
                <link rel="enclosure" type="audio/ogg" length="9" href="one.ogg"/><link href="one.html"/></entry></feed>
            """);

        Assert.Equal("https://example.org/show/feed.atom", feed.Self?.AbsoluteUri);
        Assert.Equal("https://example.org/show/archive/1.atom", feed.Older?.AbsoluteUri);
        Assert.Equal("https://example.org/show/one.ogg", feed.Items[0].Audio?.Url.AbsoluteUri);
        Assert.Equal("https://example.org/show/one.html", feed.Items[0].Link?.AbsoluteUri);
    }

    [Theory]
    [InlineData("\n \n<?xml version='1.0'?><rss><channel><title>A&nbsp;B &amp; C & D &bogus; E&#x1;F</title></channel></rss>",
        "A\u00a0B & C & D &bogus; EF")]
    [InlineData("<rss><channel><title><![CDATA[A & <b>B</b> &nbsp;]]></title></channel></rss>", "A & <b>B</b> &nbsp;")]
    [InlineData("<!DOCTYPE rss PUBLIC '-//x//DTD RSS 0.91//EN' 'http://127.0.0.1:1/rss.dtd'><rss><channel><title>A</title></channel></rss>", "A")]
    [InlineData("<rss><channel><strange:thing/><title>A</title></channel></rss>", "A")]
    [InlineData("<rss><channel><title>A\u000bB</title></channel></rss>", "AB")]
    public async Task Read_WhatFeedsGetWrong_IsRead(string text, string title)
    {
        FeedDocument feed = await ReadAsync(text);
        Assert.Equal(title, feed.Title);
    }

    // The clean text moves from buffer to buffer; entities and marks may lie across their borders.
    [Fact]
    public async Task Read_EntitiesAtEveryPlaceOfABuffer_AreRead()
    {
        string piece = "x&eacute;]]&amp;<![CDATA[&eacute;]]>";
        string title = string.Concat(Enumerable.Repeat(piece, 100));
        for (int shift = 0; shift < 40; shift++)
        {
            FeedDocument feed =
                await ReadAsync($"<rss><!--{new string('-', 0)}{new string('x', 16_300 + shift)}--><channel><title>{title}</title></channel></rss>");
            Assert.Equal(string.Concat(Enumerable.Repeat("xé]]&&eacute;", 100)), feed.Title);
        }
    }

    [Theory]
    [InlineData("iso-8859-1")]
    [InlineData("windows-1252")]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    public async Task Read_Encodings_AreRead(string name)
    {
        Encoding encoding = CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        byte[] content =
            [.. encoding.GetPreamble(),
            .. encoding.GetBytes($"<?xml version=\"1.0\" encoding=\"{name}\"?><rss><channel><title>Größe</title></channel></rss>")];

        FeedDocument feed = await FeedReader.ReadAsync(new MemoryStream(content), s_address, charset: null, Stop);

        Assert.Equal("Größe", feed.Title);
    }

    [Fact]
    public async Task Read_FeedThatBreaksOff_KeepsWhatWasReadAndSaysSo()
    {
        FeedDocument feed = await ReadAsync("<rss><channel><item><guid>1</guid></item><item><guid>2</gui");

        Assert.False(feed.IsWhole);
        Assert.Equal(["1"], feed.Items.Select(item => item.ItemId));
        Assert.Contains("breaks off", Assert.Single(feed.Remarks), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no feed")]
    [InlineData("<html><body>Log in</body></html>", "<html>")]
    [InlineData("<opml><body/></opml>", "OPML")]
    [InlineData("not xml at all", "no feed")]
    public async Task Read_WhatIsNoFeed_IsRefused(string text, string says)
    {
        InvalidFeedException error = await Assert.ThrowsAsync<InvalidFeedException>(() => ReadAsync(text));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    // A billion laughs: the document type is passed over, so nothing is there to be expanded.
    [Fact]
    public async Task Read_EntitiesOfADocumentType_AreText()
    {
        FeedDocument feed = await ReadAsync(
            """
            <!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
            <rss><channel><title>&b;&c;</title></channel></rss>
            """);
        Assert.Equal("&b;&c;", feed.Title);
    }

    [Theory]
    [InlineData("Wed, 27 Apr 2011 07:00:00 GMT", "2011-04-27T07:00:00Z")]
    [InlineData("Thu, 01 Apr 2021 08:00:00 EST", "2021-04-01T13:00:00Z")]
    [InlineData("27 Apr 11 07:00 +0200", "2011-04-27T05:00:00Z")]
    [InlineData("Mon, 5 September 2016 9:05:00 PDT", "2016-09-05T16:05:00Z")]
    [InlineData("Sun, 31 Feb 2016 00:00:00 GMT", null)]
    [InlineData("2020-02-03T04:05:06.789-01:00", "2020-02-03T05:05:06.789Z")]
    [InlineData("2020-02-03", "2020-02-03T00:00:00Z")]
    [InlineData("yesterday", null)]
    public void Date_AsFeedsWriteIt_IsRead(string text, string? expected) =>
        Assert.Equal(expected is null ? null : DateTimeOffset.Parse(expected), FeedTimes.Date(text));

    [Theory]
    [InlineData("01:00:00", 3600.0)]
    [InlineData("62:05", 3725.0)]
    [InlineData(" 1800 ", 1800.0)]
    [InlineData("0", null)]
    [InlineData("an hour", null)]
    [InlineData("1:2:3:4", null)]
    public void Duration_AsFeedsWriteIt_IsRead(string text, double? expected) => Assert.Equal(expected, FeedTimes.Duration(text));

    // 40 MB of show notes; what is kept are 5,000 addresses.
    [Fact]
    public async Task Read_FiveThousandItems_HoldsLittleOfThem()
    {
        string path = Path.Combine(Path.GetTempPath(), $"nrser-feed-{Environment.ProcessId}.xml");
        try
        {
            await WriteLargeAsync(path);
            await using FileStream file = File.OpenRead(path);
            long begun = Stopwatch.GetTimestamp();
            FeedDocument feed = await FeedReader.ReadAsync(file, s_address, charset: null, Stop);
            TestContext.Current.SendDiagnosticMessage($"{file.Length / 1e6:F0} MB in {Stopwatch.GetElapsedTime(begun).TotalSeconds:F2} s");

            Assert.Equal(5000, feed.Items.Count);
            Assert.InRange(feed.Items.Sum(item => item.ItemId!.Length + item.Title!.Length + item.Audio!.Url.OriginalString.Length), 0, 500_000);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task WriteLargeAsync(string path)
    {
        string notes = string.Concat(Enumerable.Repeat("&lt;p&gt;Show notes with a link &amp;amp; a name.&lt;/p&gt;", 145));
        await using var writer = new StreamWriter(path);
        await writer.WriteAsync("<rss version=\"2.0\"><channel><title>Large</title>");
        for (int number = 0; number < 5000; number++)
        {
            await writer.WriteAsync(
                $"<item><title>Episode {number}</title><guid>{number}</guid><pubDate>Wed, 27 Apr 2011 07:00:00 GMT</pubDate>"
                + $"<enclosure url=\"http://example.com/{number}.mp3\" length=\"1\" type=\"audio/mpeg\"/>"
                + $"<description>{notes}</description></item>\n");
        }

        await writer.WriteAsync("</channel></rss>");
    }

    private static Task<FeedDocument> ReadAsync(string text) =>
        FeedReader.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), s_address, charset: null, Stop);
}
