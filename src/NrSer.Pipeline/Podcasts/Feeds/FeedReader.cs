using System.Xml;

namespace NrSer.Pipeline.Podcasts.Feeds;

/// <summary>Reads a feed from front to back: RSS 0.9 to 2.0, RSS 1.0 and Atom, with the words of iTunes, Podcasting 2.0 and Media RSS.</summary>
/// <remarks>
/// Lenient about what feeds get wrong, never about what can do harm: no document types, no entities of its own, nothing fetched. Why no library: see
/// the decisions in src/README.md.
/// </remarks>
public sealed class FeedReader
{
    private const int MaxRemarks = 20;
    private const int MaxItems = 200_000;

    private readonly XmlReader _xml;
    private readonly List<FeedItem> _items = [];
    private readonly List<string> _remarks = [];
    private Uri _base;
    private string? _title;
    private Uri? _movedTo;
    private Uri? _self;
    private Uri? _next;
    private Uri? _archive;
    private bool _isFeed;

    private FeedReader(XmlReader xml, Uri address) => (_xml, _base) = (xml, address);

    /// <summary>Reads a feed.</summary>
    /// <param name="content">From its first byte; stays open.</param>
    /// <param name="address">Where it is, which relative addresses count from.</param>
    /// <param name="charset">Its encoding as the server says, or null.</param>
    /// <param name="cancellationToken">Stops between elements.</param>
    /// <exception cref="InvalidFeedException">It is no feed.</exception>
    public static async Task<FeedDocument> ReadAsync(Stream content, Uri address, string? charset, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        using LenientText text = await LenientText.OpenAsync(content, charset, cancellationToken).ConfigureAwait(false);
        var settings = new XmlReaderSettings
        {
            Async = true, DtdProcessing = DtdProcessing.Ignore, XmlResolver = null, CheckCharacters = false, IgnoreComments = true,
            IgnoreProcessingInstructions = true,
        };
        var names = new NameTable();
        using XmlReader xml = XmlReader.Create(text, settings, new XmlParserContext(names, new FeedNamespaces(names), "", XmlSpace.None));
        return await new FeedReader(xml, address).ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<FeedDocument> ReadAsync(CancellationToken cancellationToken)
    {
        bool isWhole = true;
        try
        {
            while (await _xml.ReadAsync().ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_xml.NodeType == XmlNodeType.Element)
                    await ReadElementAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (XmlException broken) when (_isFeed)
        {
            isWhole = false;
            Remark($"It breaks off: {broken.Message} What comes behind was passed over.");
        }
        catch (XmlException broken)
        {
            throw new InvalidFeedException($"It is no feed: {broken.Message}", broken);
        }

        return _isFeed
            ? new FeedDocument
            {
                Title = _title, MovedTo = _movedTo, Self = _self, Older = _archive ?? _next, Items = _items, Remarks = _remarks, IsWhole = isWhole,
            }
            : throw new InvalidFeedException("It is no feed: the document is empty.");
    }

    private async Task ReadElementAsync(CancellationToken cancellationToken)
    {
        if (_xml.Depth == 0)
        {
            _isFeed = _xml.LocalName is "rss" or "RDF" or "feed" or "channel";
            if (!_isFeed)
            {
                throw new InvalidFeedException(_xml.LocalName.Equals("opml", StringComparison.OrdinalIgnoreCase)
                    ? "It is a list of subscriptions (OPML), no feed."
                    : $"It is no feed: its first element is <{_xml.LocalName}>, where <rss>, <rdf:RDF> or <feed> is wanted.");
            }
        }

        if (_xml.Depth <= 1 && _xml.GetAttribute("xml:base") is { } declared && Address(declared) is { } root)
            _base = root;
        switch (FeedNamespaces.Of(_xml.NamespaceURI), _xml.LocalName)
        {
            case (FeedVocabulary.Rss, "item") or (FeedVocabulary.Atom, "entry"):
                var item = new FeedItemReader(_xml, Address(_xml.GetAttribute("xml:base")) ?? _base, Remark);
                Add(await item.ReadAsync(cancellationToken).ConfigureAwait(false));
                break;
            case (FeedVocabulary.Rss or FeedVocabulary.Atom, "title"):
                _title ??= await _xml.TextAsync().ConfigureAwait(false);
                break;
            case (FeedVocabulary.Atom, "link"):
                ReadLink();
                break;
            case (FeedVocabulary.Itunes, "new-feed-url") or (FeedVocabulary.Rss, "newLocation"):
                _movedTo ??= Address(await _xml.TextAsync().ConfigureAwait(false));
                break;
            case (FeedVocabulary.Rss or FeedVocabulary.Atom, "rss" or "RDF" or "channel" or "feed" or "items" or "redirect"):
                break; // what matters is inside
            case (_, "RDF"):
                break;
            default:
                await _xml.PassOverAsync().ConfigureAwait(false); // images with titles, live shows, what nobody knows
                break;
        }
    }

    private void Add(FeedItem item)
    {
        if (_items.Count == MaxItems)
            throw new InvalidFeedException($"It has more than {MaxItems:N0} items.");
        _items.Add(item);
    }

    private void ReadLink()
    {
        Uri? target = Address(_xml.GetAttribute("href"));
        switch (_xml.GetAttribute("rel"))
        {
            case "self": _self ??= target; break;
            case "next": _next ??= target; break;
            case "prev-archive": _archive ??= target; break;
            default: break;
        }
    }

    private Uri? Address(string? text) => FeedXml.Address(_base, text);

    private void Remark(string remark)
    {
        if (_remarks.Count < MaxRemarks)
            _remarks.Add(remark);
    }
}
