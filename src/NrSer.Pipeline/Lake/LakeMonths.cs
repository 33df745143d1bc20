using System.Globalization;

namespace NrSer.Pipeline.Lake;

/// <summary>Months as the lake's folders are named.</summary>
public static class LakeMonths
{
    private const string Format = "yyyy-MM";

    /// <summary>Whether a text is a month.</summary>
    /// <param name="text">What may be one, <c>yyyy-MM</c>.</param>
    public static bool IsValid(string text) => DateOnly.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    /// <summary>The days of a month, or all days.</summary>
    /// <param name="month"><c>yyyy-MM</c>; null for all.</param>
    public static (DateOnly From, DateOnly To) Range(string? month)
    {
        if (month is null)
            return (DateOnly.MinValue, DateOnly.MaxValue);
        var first = DateOnly.ParseExact(month, Format, CultureInfo.InvariantCulture);
        return (first, first.AddMonths(1).AddDays(-1));
    }
}
