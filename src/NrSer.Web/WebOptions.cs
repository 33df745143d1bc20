namespace NrSer.Web;

/// <summary>What the page's host needs to know of where it runs.</summary>
public sealed class WebOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Web";

    /// <summary>Whether the platform signs people in before they come here: only then is what it says of them believed.</summary>
    public bool PlatformAuthentication { get; init; }

    /// <summary>Domains of one's own that lead here, with commas between them.</summary>
    public string Domains { get; init; } = "";
}
