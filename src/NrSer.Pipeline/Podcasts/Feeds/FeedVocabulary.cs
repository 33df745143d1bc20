using System.Xml;

namespace NrSer.Pipeline.Podcasts.Feeds;

/// <summary>Whose word an element is.</summary>
internal enum FeedVocabulary
{
    /// <summary>RSS in any version; it has no namespace, or that of RSS 1.0 or 0.9.</summary>
    Rss,

    /// <summary>Atom 1.0 and 0.3.</summary>
    Atom,

    /// <summary>Apple's.</summary>
    Itunes,

    /// <summary>Podcasting 2.0.</summary>
    Podcast,

    /// <summary>Media RSS.</summary>
    Media,

    /// <summary>Dublin Core.</summary>
    DublinCore,

    /// <summary>Of RSS 1.0: enclosures by the module of that name.</summary>
    Enclosures,

    /// <summary>Any other.</summary>
    Other,
}

/// <summary>Namespaces as feeds have them: declared, declared wrongly, or not at all.</summary>
internal sealed class FeedNamespaces(XmlNameTable names) : XmlNamespaceManager(names)
{
    private const string Undeclared = "urn:undeclared:";

    /// <remarks>A prefix that nobody declared would be an error; feeds use well-known ones all the same.</remarks>
    public override string? LookupNamespace(string prefix) =>
        base.LookupNamespace(prefix) is { Length: > 0 } declared ? declared : prefix.Length == 0 ? "" : Undeclared + prefix;

    /// <summary>Whose word an element is, by its namespace.</summary>
    public static FeedVocabulary Of(string uri)
    {
        if (uri.Length == 0)
            return FeedVocabulary.Rss;
        if (uri.StartsWith(Undeclared, StringComparison.Ordinal))
        {
            return uri[Undeclared.Length..].ToLowerInvariant() switch
            {
                "itunes" => FeedVocabulary.Itunes,
                "podcast" => FeedVocabulary.Podcast,
                "media" => FeedVocabulary.Media,
                "atom" or "atom10" => FeedVocabulary.Atom,
                "dc" => FeedVocabulary.DublinCore,
                _ => FeedVocabulary.Other,
            };
        }

        return Has("itunes.com/dtds/podcast") ? FeedVocabulary.Itunes
            : Has("podcastindex.org/namespace") || Has("podcast-namespace") ? FeedVocabulary.Podcast
            : Has("search.yahoo.com/mrss") ? FeedVocabulary.Media
            : Has("w3.org/2005/Atom") || Has("purl.org/atom/ns#") ? FeedVocabulary.Atom
            : Has("purl.org/dc/") ? FeedVocabulary.DublinCore
            : Has("purl.oclc.org/net/rss_2.0/enc") ? FeedVocabulary.Enclosures
            : Has("purl.org/rss/1.0/modules") ? FeedVocabulary.Other
            : Has("purl.org/rss/1.0") || Has("my.netscape.com/rdf/simple") || Has("channel.netscape.com/rdf") || Has("backend.userland.com")
                || Has("blogs.law.harvard.edu/tech/rss") ? FeedVocabulary.Rss
            : FeedVocabulary.Other;

        bool Has(string part) => uri.Contains(part, StringComparison.OrdinalIgnoreCase);
    }
}
