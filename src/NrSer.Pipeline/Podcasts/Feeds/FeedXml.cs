using System.Text;
using System.Xml;

namespace NrSer.Pipeline.Podcasts.Feeds;

/// <summary>Values in a feed.</summary>
internal static class FeedXml
{
    private const int MaxChars = 4096; // a title, an address: what is longer is neither

    /// <summary>The text of the element that the reader stands on, without space around it; null when there is none. Ends on the element's
    /// end.</summary>
    public static async Task<string?> TextAsync(this XmlReader xml)
    {
        if (xml.IsEmptyElement)
            return null;
        int depth = xml.Depth;
        var text = new StringBuilder();
        char[] buffer = new char[256];
        while (await xml.ReadAsync().ConfigureAwait(false) && xml.Depth > depth)
        {
            if (xml.NodeType is not (XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace))
                continue; // mark-up inside a title
            int read;
            while (text.Length < MaxChars && (read = await xml.ReadValueChunkAsync(buffer, 0, buffer.Length).ConfigureAwait(false)) > 0)
                text.Append(buffer, 0, read);
        }

        string value = text.ToString().Trim();
        return value.Length == 0 ? null : value;
    }

    /// <summary>Passes over the element that the reader stands on. Ends on the element's end.</summary>
    public static async Task PassOverAsync(this XmlReader xml)
    {
        if (xml.IsEmptyElement)
            return;
        int depth = xml.Depth;
        while (await xml.ReadAsync().ConfigureAwait(false) && xml.Depth > depth)
        {
        }
    }

    /// <summary>An address of the web or a file's, counted from a base; null where it is none.</summary>
    public static Uri? Address(Uri from, string? text) =>
        !string.IsNullOrWhiteSpace(text) && text.Length <= MaxChars && Uri.TryCreate(from, text.Trim(), out Uri? address) ? address : null;
}
