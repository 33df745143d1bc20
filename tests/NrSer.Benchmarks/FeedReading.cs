using System.Diagnostics;
using System.Globalization;
using System.Text;
using NrSer.Pipeline.Podcasts.Feeds;

namespace NrSer.Benchmarks;

/// <summary><c>feed</c>: what reading a large feed takes, in a process that does nothing else.</summary>
internal static class FeedReading
{
    private const int Items = 5000;
    private const int ItemBytes = 8000; // notes of a show, mostly

    public static async Task RunAsync()
    {
        string path = Path.GetTempFileName();
        try
        {
            await WriteAsync(path);
            Console.WriteLine($"before: {Process.GetCurrentProcess().WorkingSet64 / 1e6:F0} MB");
            for (int run = 0; run < 3; run++) // the first compiles what it runs
            {
                await using FileStream file = File.OpenRead(path);
                TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
                long begun = Stopwatch.GetTimestamp();
                FeedDocument feed = await FeedReader.ReadAsync(file, new Uri("https://example.org/feed"), charset: null, CancellationToken.None);
                using var now = Process.GetCurrentProcess();
                Console.WriteLine(
                    $"{feed.Items.Count} items, {file.Length / 1e6:F1} MB: {Stopwatch.GetElapsedTime(begun).TotalSeconds:F2} s, "
                    + $"{(now.TotalProcessorTime - cpu).TotalSeconds:F2} s of processor time, {now.PeakWorkingSet64 / 1e6:F0} MB at most");
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task WriteAsync(string path)
    {
        string notes = string.Concat(Enumerable.Repeat("<p>Tea &amp; biscuits, <a href=\"https://example.org/?a=1&b=2\">as we said</a>.</p> ", 120));
        await using var file = new StreamWriter(path, append: false, Encoding.UTF8);
        await file.WriteAsync("<rss xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"><channel><title>Everything</title>");
        for (int item = 0; item < Items; item++)
        {
            string head = string.Create(CultureInfo.InvariantCulture,
                $"""
                <item><title>Number {item} &mdash; and more</title><guid isPermaLink="false">urn:uuid:{item:D32}</guid>
                <pubDate>{new DateTimeOffset(2010, 1, 1, 7, 0, 0, TimeSpan.Zero).AddDays(item):R}</pubDate><itunes:duration>1:02:03</itunes:duration>
                <enclosure url="https://example.org/audio/{item}.mp3?source=feed" length="58000000" type="audio/mpeg"/><description><![CDATA[
                """);
            await file.WriteAsync($"{head}{notes[..(ItemBytes - head.Length - 32)]}]]></description></item>");
        }

        await file.WriteAsync("</channel></rss>");
    }
}
