using System.Globalization;
using System.Text.RegularExpressions;

namespace NrSer.Pipeline.Podcasts.Feeds;

/// <summary>Dates and lengths as feeds write them.</summary>
internal static partial class FeedTimes
{
    private static readonly string[] s_months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

    /// <summary>RFC 822 with its zones by name and whatever weekday, or ISO 8601; a time without a zone is UTC.</summary>
    public static DateTimeOffset? Date(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        Match mail = MailDate().Match(text);
        if (!mail.Success)
        {
            return DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset iso)
                && iso.Year > 1 ? iso : null;
        }

        int month = Array.IndexOf(s_months, mail.Groups["month"].Value[..3].ToLowerInvariant()) + 1;
        int year = Number("year");
        year += mail.Groups["year"].Length > 2 ? 0 : year < 70 ? 2000 : 1900; // RFC 2822, section 4.3, in the years of feeds
        if (month == 0 || year is < 1900 or > 9000 || Number("hour") > 23 || Number("minute") > 59)
            return null;
        int day = Number("day");
        if (day < 1 || day > DateTime.DaysInMonth(year, month))
            return null;
        var local = new DateTime(year, month, day, Number("hour"), Number("minute"), Math.Min(Number("second"), 59), DateTimeKind.Unspecified);
        return new DateTimeOffset(local - Zone(mail.Groups["zone"].Value), TimeSpan.Zero);

        int Number(string group) =>
            int.TryParse(mail.Groups[group].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0;
    }

    /// <summary>Seconds, or hours, minutes and seconds with colons.</summary>
    public static double? Duration(string? text)
    {
        double seconds = 0;
        string[] parts = (text ?? "").Trim().Split(':');
        if (parts.Length > 3)
            return null;
        foreach (string part in parts)
        {
            if (!double.TryParse(part.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) || value > 1e6)
                return null;
            seconds = (60 * seconds) + value;
        }

        return seconds > 0 ? seconds : null; // 0 stands for unknown
    }

    private static TimeSpan Zone(string zone)
    {
        if (zone is ['+' or '-', ..])
        {
            string digits = zone[1..].Replace(":", "", StringComparison.Ordinal).PadRight(4, '0');
            var offset = new TimeSpan(int.Parse(digits[..2], CultureInfo.InvariantCulture), int.Parse(digits[2..4], CultureInfo.InvariantCulture), 0);
            return offset > TimeSpan.FromHours(14) ? TimeSpan.Zero : zone[0] == '-' ? -offset : offset;
        }

        return TimeSpan.FromHours(zone.ToUpperInvariant() switch // RFC 822, section 5.1, and some that it forgot
        {
            "EDT" => -4,
            "EST" or "CDT" => -5,
            "CST" or "MDT" => -6,
            "MST" or "PDT" => -7,
            "PST" => -8,
            "CET" or "BST" => 1,
            "CEST" or "EET" => 2,
            "JST" => 9,
            _ => 0,
        });
    }

    [GeneratedRegex(
        @"^\s*(?:\p{L}+\.?,?\s+)?(?<day>\d{1,2})[\s-]+(?<month>[A-Za-z]{3})\w*\.?[\s-]+(?<year>\d{4}|\d{2})"
        + @"(?:[\s,]+(?<hour>\d{1,2}):(?<minute>\d{1,2})(?::(?<second>\d{1,2}))?(?:\.\d+)?\s*(?<zone>[+-]\d{2}:?\d{0,2}|[A-Za-z]{1,5})?)?",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MailDate();
}
