namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>A feed or an episode could not be had.</summary>
public sealed class PodcastException : Exception
{
    private PodcastException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>Whether asking again later makes sense without anybody changing anything.</summary>
    public bool IsPassing { get; private init; }

    /// <summary>Not before then; null where nobody said.</summary>
    public DateTimeOffset? NotBefore { get; private init; }

    /// <summary>It would be refused again.</summary>
    /// <param name="message">Why, a sentence for people.</param>
    /// <param name="inner">What was thrown.</param>
    public static PodcastException ForGood(string message, Exception? inner = null) => new(message, inner);

    /// <summary>It may be there later.</summary>
    /// <param name="message">Why it is not now, a sentence for people.</param>
    /// <param name="notBefore">When to ask again.</param>
    /// <param name="inner">What was thrown.</param>
    public static PodcastException Later(string message, DateTimeOffset? notBefore = null, Exception? inner = null) =>
        new(message, inner) { IsPassing = true, NotBefore = notBefore };
}
