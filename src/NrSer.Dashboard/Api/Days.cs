namespace NrSer.Dashboard.Api;

/// <summary>Days of upload that a request is about, UTC, both included.</summary>
internal static class Days
{
    private const int ByDefault = 400; // as for the commands

    /// <exception cref="BadQueryException">The first comes after the last.</exception>
    public static (DateOnly From, DateOnly To) Of(DateOnly? from, DateOnly? to, TimeProvider time)
    {
        DateOnly today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        DateOnly last = to ?? today.AddDays(1), first = from ?? DateOnly.FromDayNumber(
            Math.Max(0, Math.Min(today.DayNumber, last.DayNumber) - ByDefault));
        return first <= last ? (first, last) : throw new BadQueryException(nameof(from), $"{first:yyyy-MM-dd} comes after {last:yyyy-MM-dd}.");
    }

    /// <exception cref="BadQueryException">It lies outside.</exception>
    public static int Within(int value, int least, int most, string field) =>
        value >= least && value <= most ? value : throw new BadQueryException(field, $"takes {least} to {most}.");
}
