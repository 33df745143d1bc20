using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace NrSer.Dashboard.Tests.Api;

/// <summary>Exports are what their readers expect.</summary>
public sealed partial class ExportTests(Site site)
{
    private const int Segments = 45;

    [Fact]
    public async Task Vtt_HasACueForEachSegment()
    {
        string[] blocks = (await ExportAsync("vtt")).Split("\n\n");
        Assert.Equal("WEBVTT", blocks[0]);
        Assert.StartsWith("NOTE\n", blocks[1], StringComparison.Ordinal);
        Assert.Contains("Purpose: Research: voices → words.", blocks[1], StringComparison.Ordinal);
        string[] cues = blocks[2..];
        Assert.Equal(Segments, cues.Length);
        Assert.All(cues, cue => Assert.Matches(Cue(), cue.Trim()));
        Assert.StartsWith("00:00:04.000 --> 00:00:08.000", cues[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audacity_HasALabelForEachSegment()
    {
        string[][] lines = [.. (await ExportAsync("audacity")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))];
        Assert.Equal(Segments, lines.Length);
        Assert.All(lines, line => Assert.True(
            line is [var start, var end, { Length: > 0 }] && double.Parse(start, CultureInfo.InvariantCulture) < double.Parse(end,
                CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task TextGrid_TiersLeaveNoGap()
    {
        string text = await ExportAsync("textgrid");
        Assert.StartsWith("File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n", text, StringComparison.Ordinal);
        foreach (string tier in text.Split("    item [")[1..])
        {
            double[] bounds = [.. Bound().Matches(tier).Select(match => double.Parse(match.Groups["at"].Value, CultureInfo.InvariantCulture))];
            Assert.Equal(0, bounds[0]);
            Assert.Equal(180, bounds[1]);
            double[] inner = bounds[2..];
            Assert.Equal(0, inner[0]);
            Assert.Equal(180, inner[^1]);
            for (int at = 1; at + 1 < inner.Length; at += 2)
                Assert.Equal(inner[at], inner[at + 1]);
        }
    }

    [Fact]
    public async Task Elan_AnnotationsPointAtTheirTimes()
    {
        XElement document = XDocument.Parse(await ExportAsync("eaf")).Root!;
        Dictionary<string, long> slots = document.Element("TIME_ORDER")!.Elements().ToDictionary(
            slot => slot.Attribute("TIME_SLOT_ID")!.Value, slot => long.Parse(slot.Attribute("TIME_VALUE")!.Value, CultureInfo.InvariantCulture));
        XElement[] annotations = [.. document.Descendants("ALIGNABLE_ANNOTATION")];
        Assert.Equal(Segments, annotations.Length);
        Assert.All(annotations, annotation =>
            Assert.Equal(4000, slots[annotation.Attribute("TIME_SLOT_REF2")!.Value] - slots[annotation.Attribute("TIME_SLOT_REF1")!.Value]));
    }

    [Fact]
    public async Task Chapters_FollowEachOther()
    {
        JsonElement[] chapters = [.. JsonDocument.Parse(await ExportAsync("chapters")).RootElement.GetProperty("chapters").EnumerateArray()];
        Assert.InRange(chapters.Length, 2, Segments);
        for (int at = 1; at < chapters.Length; at++)
        {
            Assert.Equal(chapters[at - 1].GetProperty("endTime").GetDouble(), chapters[at].GetProperty("startTime").GetDouble());
            Assert.NotEqual(chapters[at - 1].GetProperty("title").GetString(), chapters[at].GetProperty("title").GetString());
        }
    }

    [Fact]
    public async Task NoExport_SaysWhatSomebodyFeels()
    {
        foreach (string format in new[] { "vtt", "audacity", "textgrid", "eaf", "chapters" })
        {
            string text = (await ExportAsync(format)).Replace("not what anybody feels", "", StringComparison.Ordinal);
            Assert.DoesNotContain("feel", text, StringComparison.OrdinalIgnoreCase);
        }
    }

    private Task<string> ExportAsync(string format) => site.Client.GetStringAsync(
        new Uri($"api/v1/recordings/{site.Store.WithAudio.Id}/export/{format}", UriKind.Relative), TestContext.Current.CancellationToken);

    [GeneratedRegex(@"^\d{2}:\d{2}:\d{2}\.\d{3} --> \d{2}:\d{2}:\d{2}\.\d{3}\n(heard|unsure|no speech)[^\n]*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Cue();

    [GeneratedRegex(@"xm(in|ax) = (?<at>[\d.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Bound();
}
