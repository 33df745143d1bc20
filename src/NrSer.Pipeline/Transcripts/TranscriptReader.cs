using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NrSer.Pipeline.Transcripts;

/// <summary>Reads the forms of transcripts that have times: WebVTT, SubRip, and the JSON of the podcast namespace.</summary>
public static partial class TranscriptReader
{
    private const double LongestSeconds = 1e6; // eleven days: what lies beyond is no time

    /// <summary>Reads a transcript.</summary>
    /// <param name="content">All of it, whatever its publisher calls it.</param>
    /// <returns>Null where there is nothing with times, as in a page or a mere text.</returns>
    public static Transcript? Read(byte[] content)
    {
        ArgumentNullException.ThrowIfNull(content);
        string text = TextOf(content, Encoding.UTF8);
        if (text.Contains('\uFFFD'))
            text = TextOf(content, Encoding.Latin1); // old SubRip files
        text = text.TrimStart();
        IEnumerable<TranscriptCue> found = text.StartsWith('{') ? OfJson(text) : OfLines(text.Split('\n'));
        TranscriptCue[] cues = [.. found.Where(IsCue).OrderBy(cue => cue.StartSeconds)];
        return cues.Length > 0 ? new Transcript(cues) : null;
    }

    private static bool IsCue(TranscriptCue cue) =>
        cue is { StartSeconds: >= 0, EndSeconds: < LongestSeconds, Text.Length: > 0 } && cue.EndSeconds > cue.StartSeconds;

    private static string TextOf(byte[] content, Encoding encoding)
    {
        using var reader = new StreamReader(new MemoryStream(content, writable: false), encoding, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }

    /// <summary>WebVTT and SubRip: a line with two times, and below it the words, down to an empty line.</summary>
    private static IEnumerable<TranscriptCue> OfLines(string[] lines)
    {
        for (int at = 0; at < lines.Length; at++)
        {
            if (lines[at].Split("-->") is not [var from, var to] || Seconds(from) is not { } start || Seconds(to) is not { } end)
                continue;
            var words = new StringBuilder();
            while (at + 1 < lines.Length && !string.IsNullOrWhiteSpace(lines[at + 1]))
                words.Append(lines[++at]).Append(' ');
            yield return new TranscriptCue(start, end, Words(WebUtility.HtmlDecode(Tag().Replace(words.ToString(), ""))));
        }
    }

    /// <summary>A time such as 01:02:03.456, 02:03.456 or 01:02:03,456; what WebVTT says of a cue's place may follow.</summary>
    private static double? Seconds(string text)
    {
        Match time = Time().Match(text);
        return time.Success ? (Part("hours") * 3600) + (Part("minutes") * 60) + Part("seconds") : null;

        double Part(string name) => time.Groups[name] is { Success: true, Value: var digits }
            ? double.Parse(digits.Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : 0;
    }

    private static TranscriptCue[] OfJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return !document.RootElement.TryGetProperty("segments", out JsonElement segments) || segments.ValueKind != JsonValueKind.Array ? []
                : [.. segments.EnumerateArray().Where(segment => segment.ValueKind == JsonValueKind.Object).Select(segment => new TranscriptCue(
                    Number(segment, "startTime"), Number(segment, "endTime"),
                    segment.TryGetProperty("body", out JsonElement body) && body.ValueKind == JsonValueKind.String ? Words(body.GetString()!) : ""))];
        }
        catch (JsonException)
        {
            return [];
        }

        static double Number(JsonElement segment, string name) =>
            segment.TryGetProperty(name, out JsonElement time) && time.ValueKind == JsonValueKind.Number ? time.GetDouble() : double.NaN;
    }

    /// <summary>Words on one line, without control characters.</summary>
    private static string Words(string text) => Gap().Replace(text, " ").Trim();

    [GeneratedRegex(
        "^\\s*((?<hours>[0-9]{1,3}):)?(?<minutes>[0-9]{1,2}):(?<seconds>[0-9]{2}([.,][0-9]{1,3})?)(?![0-9:])",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Time();

    [GeneratedRegex("<[^>]*>", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Tag();

    [GeneratedRegex("[\\s\\p{C}]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Gap();
}
