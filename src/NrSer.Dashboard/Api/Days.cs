namespace NrSer.Dashboard.Api;

/// <summary>Days of upload that a request is about, UTC, both included.</summary>
internal static class Days
{
    /// <summary>What the first one is.</summary>
    public const string First = "First day of upload, UTC; without it, 400 days before the last, or before today.";

    /// <summary>What the last one is.</summary>
    public const string Last = "Last day of upload, UTC; without it, tomorrow.";

    private const int ByDefault = 400; // as for the commands

    // No upload lies outside, and there are days before and after.
    private static readonly DateOnly s_first = new(2000, 1, 1), s_last = new(9000, 1, 1);

    /// <exception cref="BadQueryException">The first comes after the last.</exception>
    public static (DateOnly From, DateOnly To) Of(DateOnly? from, DateOnly? to, TimeProvider time)
    {
        DateOnly today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        DateOnly last = to ?? today.AddDays(1), first = from ?? DateOnly.FromDayNumber(
            Math.Max(0, Math.Min(today.DayNumber, last.DayNumber) - ByDefault));
        return first <= last ? (Within(first), Within(last))
            : throw new BadQueryException(nameof(from), $"{first:yyyy-MM-dd} comes after {last:yyyy-MM-dd}.");
    }

    private static DateOnly Within(DateOnly day) => day < s_first ? s_first : day > s_last ? s_last : day;
}
