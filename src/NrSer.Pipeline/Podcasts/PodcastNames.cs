using System.Security.Cryptography;
using System.Text;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Podcasts;

/// <summary>What feeds and episodes are called.</summary>
public static class PodcastNames
{
    private const int MaxSlugChars = 60;

    /// <summary>The id of a feed that is added by an address.</summary>
    /// <param name="address">The address.</param>
    public static string FeedId(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return Hash(address.AbsoluteUri);
    }

    /// <summary>A title as the name of a folder: letters and digits of any script, and hyphens.</summary>
    /// <param name="title">The title; null or without letters gives <c>podcast</c>.</param>
    public static string Slug(string? title)
    {
        var slug = new StringBuilder();
        foreach (char letter in (title ?? "").ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter) || (letter >= 128 && char.IsLetterOrDigit(letter)))
                slug.Append(letter);
            else if (slug.Length > 0 && slug[^1] != '-' && letter is not ('\'' or '’'))
                slug.Append('-');
            if (slug.Length == MaxSlugChars)
                break;
        }

        string name = slug.ToString().Trim('-');
        return name.Length > 0 ? name : "podcast";
    }

    /// <summary>The blob of an episode.</summary>
    /// <param name="slug">Its feed's folder.</param>
    /// <param name="publishedAt">When it was published; null gives <c>undated</c>.</param>
    /// <param name="key">Its key.</param>
    /// <param name="extension">What it is, with a dot.</param>
    public static string BlobName(string slug, DateTimeOffset? publishedAt, string key, string extension) =>
        $"{StorageNames.PodcastsPrefix}{slug}/{publishedAt?.UtcDateTime.ToString("yyyy-MM-dd") ?? "undated"}-{key}{extension}";

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
}
