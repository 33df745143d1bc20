using System.Xml;

namespace NrSer.Pipeline.Podcasts.Feeds;

/// <summary>Lists of subscriptions, as podcast programs import and export them (OPML 2.0).</summary>
public static class Opml
{
    /// <summary>Reads a list.</summary>
    /// <param name="content">From its first byte; stays open.</param>
    /// <param name="cancellationToken">Stops between elements.</param>
    /// <returns>Addresses of feeds as they are written, each once; null when it is no such list.</returns>
    /// <exception cref="InvalidFeedException">It breaks off.</exception>
    public static async Task<IReadOnlyList<string>?> ReadAsync(Stream content, CancellationToken cancellationToken)
    {
        using LenientText text = await LenientText.OpenAsync(content, charset: null, cancellationToken).ConfigureAwait(false);
        using XmlReader xml = XmlReader.Create(text, new XmlReaderSettings
        {
            Async = true, DtdProcessing = DtdProcessing.Ignore,
            XmlResolver = null
        });
        var found = new List<string>();
        bool isList = false;
        try
        {
            while (await xml.ReadAsync().ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (xml.NodeType != XmlNodeType.Element)
                    continue;
                isList |= xml.LocalName.Equals("opml", StringComparison.OrdinalIgnoreCase);
                if (!isList)
                    return null;
                if (xml.LocalName == "outline" && (xml.GetAttribute("xmlUrl") ?? xml.GetAttribute("xmlurl")) is { Length: > 0 } address
                    && !found.Contains(address.Trim()))
                    found.Add(address.Trim());
            }
        }
        catch (XmlException broken) when (isList)
        {
            throw new InvalidFeedException($"The list breaks off after {found.Count} feeds: {broken.Message}", broken);
        }
        catch (XmlException)
        {
            return null;
        }

        return found;
    }

    /// <summary>Writes a list.</summary>
    /// <param name="feeds">Titles and addresses.</param>
    /// <param name="output">Receives it; stays open.</param>
    public static async Task WriteAsync(IEnumerable<(string Title, Uri Address)> feeds, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(feeds);
        ArgumentNullException.ThrowIfNull(output);
        var xml = XmlWriter.Create(output, new XmlWriterSettings { Async = true, Indent = true, CloseOutput = false, OmitXmlDeclaration = true });
        await using (xml.ConfigureAwait(false))
        {
            await xml.WriteStartElementAsync(prefix: null, "opml", ns: null).ConfigureAwait(false);
            await xml.WriteAttributeStringAsync(prefix: null, "version", ns: null, "2.0").ConfigureAwait(false);
            await xml.WriteStartElementAsync(prefix: null, "head", ns: null).ConfigureAwait(false);
            await xml.WriteElementStringAsync(prefix: null, "title", ns: null, "NrSer subscriptions").ConfigureAwait(false);
            await xml.WriteEndElementAsync().ConfigureAwait(false);
            await xml.WriteStartElementAsync(prefix: null, "body", ns: null).ConfigureAwait(false);
            foreach ((string title, Uri address) in feeds)
            {
                await xml.WriteStartElementAsync(prefix: null, "outline", ns: null).ConfigureAwait(false);
                await xml.WriteAttributeStringAsync(prefix: null, "type", ns: null, "rss").ConfigureAwait(false);
                await xml.WriteAttributeStringAsync(prefix: null, "text", ns: null, title).ConfigureAwait(false);
                await xml.WriteAttributeStringAsync(prefix: null, "xmlUrl", ns: null, address.AbsoluteUri).ConfigureAwait(false);
                await xml.WriteEndElementAsync().ConfigureAwait(false);
            }
        }
    }
}
