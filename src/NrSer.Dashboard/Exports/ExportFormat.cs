using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Xml;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Exports;

/// <summary>A form that another program reads, of one channel's segments.</summary>
/// <param name="Name">In the address.</param>
/// <param name="MediaType">Of HTTP.</param>
/// <param name="Extension">Of the file.</param>
/// <param name="Write">Makes it.</param>
internal sealed record ExportFormat(string Name, string MediaType, string Extension, Func<Recording, IReadOnlyList<Segment>, string> Write)
{
    /// <summary>Every form but CSV, which is that of the segments themselves.</summary>
    public static IReadOnlyList<ExportFormat> All { get; } =
    [
        new("vtt", "text/vtt; charset=utf-8", ".vtt", WebVtt),
        new("audacity", "text/plain; charset=utf-8", ".txt", Audacity),
        new("textgrid", "text/plain; charset=utf-8", ".TextGrid", TextGrid),
        new("eaf", "application/xml; charset=utf-8", ".eaf", Elan),
        new("chapters", "application/json+chapters; charset=utf-8", ".chapters.json", Chapters),
    ];

    /// <remarks>W3C WebVTT.</remarks>
    private static string WebVtt(Recording recording, IReadOnlyList<Segment> segments)
    {
        StringBuilder text = new StringBuilder("WEBVTT\n\nNOTE\n").Append(Heard.CautionOf(recording)).Append('\n');
        foreach (Segment segment in segments)
            text.Append(CultureInfo.InvariantCulture, $"\n{Clock(segment.StartSeconds)} --> {Clock(segment.EndSeconds)}\n{Heard.Of(segment)}\n");
        return text.ToString();
    }

    /// <remarks>Audacity's label track: start, end and text by tabulators.</remarks>
    private static string Audacity(Recording recording, IReadOnlyList<Segment> segments) => string.Concat(segments.Select(segment =>
        string.Create(CultureInfo.InvariantCulture, $"{segment.StartSeconds:F6}\t{segment.EndSeconds:F6}\t{Heard.Of(segment)}\n")));

    /// <remarks>Praat's TextGrid, long form: the intervals of a tier leave no gap.</remarks>
    private static string TextGrid(Recording recording, IReadOnlyList<Segment> segments)
    {
        double end = Math.Max(recording.DurationSeconds ?? 0, segments.Count > 0 ? segments[^1].EndSeconds : 0);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture,
            $"File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = {end:R}\ntiers? <exists>\nsize = 2\nitem []:\n");
        Tier(1, "heard", Heard.LabelOf);
        Tier(2, "trust", segment => segment.Trust is { } trust ? trust.ToString("F2", CultureInfo.InvariantCulture) : "");
        return text.ToString();

        void Tier(int number, string name, Func<Segment, string> mark)
        {
            List<(double From, double To, string Mark)> intervals = [];
            double at = 0;
            foreach (Segment segment in segments.Where(segment => segment.EndSeconds > segment.StartSeconds))
            {
                if (segment.StartSeconds > at)
                    intervals.Add((at, segment.StartSeconds, ""));
                intervals.Add((segment.StartSeconds, segment.EndSeconds, mark(segment)));
                at = segment.EndSeconds;
            }

            if (end > at)
                intervals.Add((at, end, ""));
            text.Append(CultureInfo.InvariantCulture,
                $"    item [{number}]:\n        class = \"IntervalTier\"\n        name = \"{name}\"\n        xmin = 0\n        xmax = {end:R}\n"
                + $"        intervals: size = {intervals.Count}\n");
            foreach ((int index, (double from, double to, string label)) in intervals.Index())
            {
                text.Append(CultureInfo.InvariantCulture,
                    $"        intervals [{index + 1}]:\n            xmin = {from:R}\n            xmax = {to:R}\n            text = \"{label}\"\n");
            }
        }
    }

    /// <remarks>ELAN annotation format 3.0.</remarks>
    private static string Elan(Recording recording, IReadOnlyList<Segment> segments)
    {
        using var text = new Utf8Writer();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true }))
        {
            xml.WriteStartElement("ANNOTATION_DOCUMENT");
            xml.WriteAttributeString("AUTHOR", "NrSer");
            xml.WriteAttributeString("DATE", (recording.CompletedAt ?? recording.UploadedAt ?? default).ToString("yyyy-MM-dd'T'HH:mm:sszzz",
                CultureInfo.InvariantCulture));
            xml.WriteAttributeString("FORMAT", "3.0");
            xml.WriteAttributeString("VERSION", "3.0");
            xml.WriteStartElement("HEADER");
            xml.WriteAttributeString("MEDIA_FILE", "");
            xml.WriteAttributeString("TIME_UNITS", "milliseconds");
            xml.WriteStartElement("PROPERTY");
            xml.WriteAttributeString("NAME", "caution");
            xml.WriteString(Heard.CautionOf(recording));
            xml.WriteEndElement();
            xml.WriteEndElement();
            xml.WriteStartElement("TIME_ORDER");
            foreach ((int index, Segment segment) in segments.Index())
            {
                Slot(xml, (2 * index) + 1, segment.StartSeconds);
                Slot(xml, (2 * index) + 2, segment.EndSeconds);
            }

            xml.WriteEndElement();
            xml.WriteStartElement("TIER");
            xml.WriteAttributeString("LINGUISTIC_TYPE_REF", "default-lt");
            xml.WriteAttributeString("TIER_ID", "heard");
            foreach ((int index, Segment segment) in segments.Index())
            {
                xml.WriteStartElement("ANNOTATION");
                xml.WriteStartElement("ALIGNABLE_ANNOTATION");
                xml.WriteAttributeString("ANNOTATION_ID", $"a{index + 1}");
                xml.WriteAttributeString("TIME_SLOT_REF1", $"ts{(2 * index) + 1}");
                xml.WriteAttributeString("TIME_SLOT_REF2", $"ts{(2 * index) + 2}");
                xml.WriteElementString("ANNOTATION_VALUE", Heard.Of(segment));
                xml.WriteEndElement();
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
            xml.WriteStartElement("LINGUISTIC_TYPE");
            xml.WriteAttributeString("GRAPHIC_REFERENCES", "false");
            xml.WriteAttributeString("LINGUISTIC_TYPE_ID", "default-lt");
            xml.WriteAttributeString("TIME_ALIGNABLE", "true");
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return text.ToString();

        static void Slot(XmlWriter xml, int number, double seconds)
        {
            xml.WriteStartElement("TIME_SLOT");
            xml.WriteAttributeString("TIME_SLOT_ID", $"ts{number}");
            xml.WriteAttributeString("TIME_VALUE", ((long)Math.Round(seconds * 1000)).ToString(CultureInfo.InvariantCulture));
            xml.WriteEndElement();
        }
    }

    /// <remarks>Podcast namespace, JSON chapters 1.2: neighbours of which the same was heard are one.</remarks>
    private static string Chapters(Recording recording, IReadOnlyList<Segment> segments)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.Default }))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.2.0");
            json.WriteString("description", Heard.CautionOf(recording));
            json.WriteStartArray("chapters");
            for (int index = 0, next; index < segments.Count; index = next)
            {
                string label = Heard.LabelOf(segments[index]);
                for (next = index + 1; next < segments.Count && Heard.LabelOf(segments[next]) == label; next++)
                {
                    // The run goes on.
                }

                json.WriteStartObject();
                json.WriteNumber("startTime", Math.Round(segments[index].StartSeconds, 3));
                json.WriteNumber("endTime", Math.Round(segments[next - 1].EndSeconds, 3));
                json.WriteString("title", label);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static string Clock(double seconds)
    {
        var time = TimeSpan.FromMilliseconds(Math.Round(seconds * 1000));
        return string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours:D2}:{time.Minutes:D2}:{time.Seconds:D2}.{time.Milliseconds:D3}");
    }

    /// <summary>Says UTF-8 in the declaration.</summary>
    private sealed class Utf8Writer : StringWriter
    {
        public override Encoding Encoding => Encoding.UTF8;
    }
}
