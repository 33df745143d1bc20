using System.Text.RegularExpressions;

namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>What may be shown of an address, and what may not.</summary>
public static partial class WebAddress
{
    /// <summary>The address for people and logs: no name and password, no query, which may hold a token.</summary>
    /// <param name="address">An address.</param>
    public static string Shown(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsFile)
            return address.LocalPath;
        string shown = address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        shown = Token().Replace(shown, "/…");
        return address.Query.Length > 1 ? shown + "?…" : shown;
    }

    /// <summary>Whether an address lets in who has it: it names a user, or holds what looks like a token.</summary>
    /// <param name="address">An address.</param>
    public static bool IsPrivate(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.UserInfo.Length > 0 || Secret().IsMatch(address.Query) || Token().IsMatch(address.AbsolutePath);
    }

    /// <summary>An address that anybody may be told, without its query; null for one that lets in who has it, and for what is none.</summary>
    /// <param name="text">What may be an address.</param>
    public static string? Public(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && !IsPrivate(address)
            && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            ? address.GetLeftPart(UriPartial.Path) : null;

    [GeneratedRegex(
        "[?&][^=&]*(auth|token|key|secret|pass|pw|sig|signature|session|access|user|email)[^=&]*=[^&]|=[A-Za-z0-9_%.-]{20,}",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Secret();

    /// <summary>A part of a path of 20 letters and digits or more, with both among them, and no word.</summary>
    [GeneratedRegex(
        "/(?=[A-Za-z0-9_-]*[0-9])(?=[A-Za-z0-9_-]*[A-Za-z])(?![a-z0-9]+(-[a-z0-9]+)+(?![A-Za-z0-9_-]))[A-Za-z0-9_-]{20,}(?=/|$)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();
}
