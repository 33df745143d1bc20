using System.Text;

namespace NrSer.Cli.Tests.Commands.Podcasts;

/// <summary>Podcasts to serve, and what could be their episodes.</summary>
internal static class SampleShows
{
    /// <summary>A feed of episodes that are numbered, as are their files beside it.</summary>
    public static byte[] Feed(string title, int episodes, string duration = "30:00") => Encoding.UTF8.GetBytes(
        $"<rss xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"><channel><title>{title}</title>{string.Concat(Enumerable.Range(0, episodes)
            .Select(number => $"<item><title>{number}</title><guid>{title} {number}</guid><itunes:duration>{duration}</itunes:duration>"
                + $"<enclosure url=\"{number}.mp3\" length=\"100000000\" type=\"audio/mpeg\"/></item>"))}</channel></rss>");

    /// <summary>An episode's file, another for each number.</summary>
    public static byte[] Audio(int number, int bytes = 1000)
    {
        byte[] content = new byte[bytes];
        new Random(number).NextBytes(content);
        "ID3"u8.CopyTo(content);
        return content;
    }
}
