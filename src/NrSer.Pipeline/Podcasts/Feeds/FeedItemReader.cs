using System.Globalization;
using System.Xml;

namespace NrSer.Pipeline.Podcasts.Feeds;

/// <summary>Reads one item.</summary>
/// <param name="xml">Stands on it.</param>
/// <param name="address">Relative addresses count from here.</param>
/// <param name="remark">Told what was passed over.</param>
internal sealed class FeedItemReader(XmlReader xml, Uri address, Action<string> remark)
{
    private static readonly string[] s_timed = ["text/vtt", "application/x-subrip", "application/srt", "text/srt", "application/json"];

    private readonly List<FeedLink> _enclosures = [];
    private readonly string? _about = xml.GetAttribute("rdf:about"); // RSS 1.0
    private string? _guid;
    private string? _title;
    private Uri? _link;
    private string? _published;
    private string? _updated;
    private string? _season;
    private string? _number;
    private string? _duration;
    private string? _explicit;
    private FeedLink? _transcript;
    private FeedLink? _chapters;

    public async Task<FeedItem> ReadAsync(CancellationToken cancellationToken)
    {
        if (!xml.IsEmptyElement)
        {
            int depth = xml.Depth;
            while (await xml.ReadAsync().ConfigureAwait(false) && xml.Depth > depth)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (xml.NodeType == XmlNodeType.Element)
                    await ReadElementAsync().ConfigureAwait(false);
            }
        }

        DateTimeOffset? published = FeedTimes.Date(_published) ?? FeedTimes.Date(_updated);
        if (published is null && (_published ?? _updated) is { } undated)
            remark($"'{_title}': its date '{undated}' cannot be read.");
        return new FeedItem
        {
            ItemId = _guid ?? _about, Title = _title, Link = _link, PublishedAt = published, Season = Number(_season), Number = Number(_number),
            DurationSeconds = FeedTimes.Duration(_duration), Transcript = _transcript, Chapters = _chapters, Enclosures = _enclosures,
            IsExplicit = _explicit?.ToLowerInvariant() switch
            {
                "yes" or "true" or "explicit" => true,
                "no" or "false" or "clean" => false,
                _ =>
                null
            },
        };
    }

    private async Task ReadElementAsync()
    {
        switch (FeedNamespaces.Of(xml.NamespaceURI), xml.LocalName)
        {
            case (FeedVocabulary.Rss, "guid") or (FeedVocabulary.Atom, "id"):
                _guid ??= await xml.TextAsync().ConfigureAwait(false);
                break;
            case (FeedVocabulary.Rss or FeedVocabulary.Atom, "title"):
                _title ??= await xml.TextAsync().ConfigureAwait(false);
                break;
            case (FeedVocabulary.Rss, "link"):
                _link ??= Address(await xml.TextAsync().ConfigureAwait(false));
                break;
            case (FeedVocabulary.Atom, "link"):
                ReadLink();
                break;
            case (FeedVocabulary.Rss, "pubDate") or (FeedVocabulary.Atom, "published" or "issued") or (FeedVocabulary.DublinCore, "date"):
                _published ??= await xml.TextAsync().ConfigureAwait(false);
                break;
            case (FeedVocabulary.Atom, "updated" or "modified"):
                _updated ??= await xml.TextAsync().ConfigureAwait(false);
                break;
            case (FeedVocabulary.Rss, "enclosure"):
                Add(xml.GetAttribute("url"), xml.GetAttribute("type"), xml.GetAttribute("length"));
                break;
            case (FeedVocabulary.Enclosures, "enclosure"):
                Add(xml.GetAttribute("rdf:resource"), xml.GetAttribute("type", xml.NamespaceURI), xml.GetAttribute("length", xml.NamespaceURI));
                break;
            case (FeedVocabulary.Media, "content"):
                Add(xml.GetAttribute("url"), xml.GetAttribute("type"), xml.GetAttribute("fileSize"));
                break;
            case (FeedVocabulary.Media, "group"):
                break; // its contents are inside
            case (FeedVocabulary.Itunes or FeedVocabulary.Podcast, "season"):
                _season ??= await xml.TextAsync().ConfigureAwait(false);
                break;
            case (FeedVocabulary.Itunes or FeedVocabulary.Podcast, "episode"):
                _number ??= await xml.TextAsync().ConfigureAwait(false);
                break;
            case (FeedVocabulary.Itunes, "duration"):
                _duration ??= await xml.TextAsync().ConfigureAwait(false);
                break;
            case (FeedVocabulary.Itunes, "explicit"):
                _explicit ??= await xml.TextAsync().ConfigureAwait(false);
                break;
            case (FeedVocabulary.Podcast, "transcript"):
                ReadTranscript();
                break;
            case (FeedVocabulary.Podcast, "chapters"):
                _chapters ??= LinkOf(xml.GetAttribute("url"), xml.GetAttribute("type"), length: null);
                break;
            default:
                await xml.PassOverAsync().ConfigureAwait(false);
                break;
        }
    }

    private void ReadLink()
    {
        string? target = xml.GetAttribute("href");
        switch (xml.GetAttribute("rel"))
        {
            case "enclosure": Add(target, xml.GetAttribute("type"), xml.GetAttribute("length")); break;
            case null or "alternate": _link ??= Address(target); break;
            default: break;
        }
    }

    private void ReadTranscript()
    {
        FeedLink? found = LinkOf(xml.GetAttribute("url"), xml.GetAttribute("type"), length: null);
        if (found is not null && (_transcript is null || (Rank(found) < Rank(_transcript))))
            _transcript = found;

        static int Rank(FeedLink link) => Array.IndexOf(s_timed, link.Type?.ToLowerInvariant()) is var rank and >= 0 ? rank : s_timed.Length;
    }

    private void Add(string? url, string? type, string? length)
    {
        if (LinkOf(url, type, length) is { } file)
            _enclosures.Add(file);
        else
            remark($"'{_title}': a file without an address, or with '{url}', which is none.");
    }

    private FeedLink? LinkOf(string? url, string? type, string? length) => Address(url) is not { } target ? null : new FeedLink(
        target, string.IsNullOrWhiteSpace(type) ? null : type.Trim(),
        long.TryParse(length, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out long bytes)
            && bytes > 0
            ? bytes : null);

    private Uri? Address(string? text) => FeedXml.Address(address, text);

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
