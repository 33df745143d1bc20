using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Recordings;

/// <summary>
/// Pages through recordings by day of upload, and within a day by time. A day of more than <see cref="MostOfDay"/> recordings is given in order of
/// their ids instead, so that no page reads more than that.
/// </summary>
/// <param name="store">All rows.</param>
internal sealed class RecordingListing(RecordingStore store)
{
    /// <summary>Most recordings of one day that are sorted by time.</summary>
    public const int MostOfDay = 2000;

    /// <summary>Rows that a page looks at before it says how far it came, should few of them match.</summary>
    public const int MostRead = 5000;

    private const int RowsOfPage = 1000; // the service's limit

    /// <summary>A page.</summary>
    /// <param name="wanted">Which recordings.</param>
    /// <param name="cursor">From the page before; null for the first.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task<RecordingsV1> PageAsync(WantedRecordings wanted, string? cursor, int limit, CancellationToken cancellationToken)
    {
        Place place = cursor is null ? new Place(wanted.NewestFirst ? wanted.To : wanted.From, 0) : Place.Parse(cursor, wanted);
        var found = new List<Recording>();
        int read = 0;
        while (await NextDayAsync(wanted, place, cancellationToken).ConfigureAwait(false) is { } day)
        {
            place = day == place.Day ? place : new Place(day, 0);
            (IReadOnlyList<Recording> rows, string? next) = await RowsAsync(wanted, place, cancellationToken).ConfigureAwait(false);
            read += rows.Count;
            for (int index = place.Offset; index < rows.Count; index++)
            {
                if (!wanted.Matches(rows[index]))
                    continue;
                if (found.Count == limit)
                    return new RecordingsV1(found, (place with { Offset = index }).ToString(), read);
                found.Add(rows[index]);
            }

            place = next is not null ? new Place(day, 0, next) : new Place(day.AddDays(wanted.NewestFirst ? -1 : 1), 0);
            if (read >= MostRead)
                return new RecordingsV1(found, place.ToString(), read);
        }

        return new RecordingsV1(found, Cursor: null, read);
    }

    private static RecordingFilter Days(WantedRecordings wanted, DateOnly from, DateOnly to) => new(from, to, wanted.Status);

    /// <summary>Rows of a day: all of it by time, or some of a long one.</summary>
    private async Task<(IReadOnlyList<Recording> Rows, string? Continuation)> RowsAsync(
        WantedRecordings wanted, Place place, CancellationToken cancellationToken)
    {
        RecordingFilter day = Days(wanted, place.Day, place.Day);
        RecordingPage page = await store.PageAsync(day, RowsOfPage, place.Continuation, cancellationToken).ConfigureAwait(false);
        if (place.Continuation is not null)
            return (page.Recordings, page.Continuation);
        var rows = new List<Recording>(page.Recordings);
        string? next = page.Continuation;
        while (next is not null && rows.Count < MostOfDay)
        {
            RecordingPage more = await store.PageAsync(day, RowsOfPage, next, cancellationToken).ConfigureAwait(false);
            rows.AddRange(more.Recordings);
            next = more.Continuation;
        }

        if (next is not null)
            return (page.Recordings, page.Continuation); // a long day: as the table has it, from its start
        IOrderedEnumerable<Recording> sorted = wanted.NewestFirst
            ? rows.OrderByDescending(row => row.UploadedAt) : rows.OrderBy(row => row.UploadedAt);
        return ([.. sorted.ThenBy(row => row.Id.Value, StringComparer.Ordinal)], null);
    }

    /// <summary>The first day from a place on that has a recording: tables only tell the earliest, so the latest is closed in on.</summary>
    private async Task<DateOnly?> NextDayAsync(WantedRecordings wanted, Place place, CancellationToken cancellationToken)
    {
        if (place.Continuation is not null || place.Offset > 0)
            return place.Day;
        if (!wanted.NewestFirst)
            return place.Day > wanted.To ? null : await EarliestAsync(wanted, place.Day, wanted.To, cancellationToken).ConfigureAwait(false);
        DateOnly high = place.Day;
        for (int width = 1; high >= wanted.From; width *= 2)
        {
            DateOnly low = high.DayNumber - width < wanted.From.DayNumber ? wanted.From : high.AddDays(1 - width);
            if (await EarliestAsync(wanted, low, high, cancellationToken).ConfigureAwait(false) is not { } day)
            {
                high = low.AddDays(-1);
                continue;
            }

            while (day < high)
            {
                DateOnly middle = day.AddDays(1 + ((high.DayNumber - day.DayNumber) / 2));
                if (await EarliestAsync(wanted, middle, high, cancellationToken).ConfigureAwait(false) is { } later)
                    day = later;
                else
                    high = middle.AddDays(-1);
            }

            return day;
        }

        return null;
    }

    private async Task<DateOnly?> EarliestAsync(WantedRecordings wanted, DateOnly from, DateOnly to, CancellationToken cancellationToken)
    {
        RecordingPage page = await store.PageAsync(Days(wanted, from, to), 1, continuation: null, cancellationToken).ConfigureAwait(false);
        return page.Recordings is [var first, ..] ? DateOnly.ParseExact(first.Id.Day, "yyyyMMdd") : null;
    }

    /// <summary>How far a listing has come.</summary>
    private sealed record Place(DateOnly Day, int Offset, string? Continuation = null)
    {
        public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this));

        public static Place Parse(string cursor, WantedRecordings wanted)
        {
            try
            {
                Place? place = JsonSerializer.Deserialize<Place>(Base64Url.DecodeFromChars(cursor));
                if (place is { Offset: >= 0 and <= MostOfDay + RowsOfPage } && place.Day >= wanted.From.AddDays(-1)
                    && place.Day <= wanted.To.AddDays(1))
                    return place;
            }
            catch (Exception strange) when (strange is JsonException or FormatException or DecoderFallbackException)
            {
                // Not one of ours.
            }

            throw new BadQueryException("cursor", "is none that this listing gave. Leave it out to begin again.");
        }
    }
}

/// <summary>Which recordings are listed, and in which order.</summary>
/// <param name="From">First day of upload.</param>
/// <param name="To">Last day of upload.</param>
/// <param name="Status">Those that stand so; null for all.</param>
/// <param name="Folder">Those whose names begin so; null for all.</param>
/// <param name="Text">Those whose names contain this, in any case; null for all.</param>
/// <param name="NewestFirst">By time of upload.</param>
internal sealed record WantedRecordings(DateOnly From, DateOnly To, RecordingStatus? Status, string? Folder, string? Text, bool NewestFirst)
{
    /// <summary>Whether it is meant, by its name.</summary>
    public bool Matches(Recording recording) =>
        (Folder is null || recording.BlobName?.StartsWith(Folder, StringComparison.Ordinal) == true)
        && (Text is null || recording.BlobName?.Contains(Text, StringComparison.OrdinalIgnoreCase) == true
            || recording.Id.Value.StartsWith(Text, StringComparison.Ordinal));
}

/// <summary>Some recordings of many.</summary>
/// <param name="Recordings">In order.</param>
/// <param name="Cursor">Asks for the next; null when there are no more. A page may be short, or empty, and not the last.</param>
/// <param name="RowsRead">Rows that were looked at for it.</param>
internal sealed record RecordingsV1(IReadOnlyList<Recording> Recordings, string? Cursor, int RowsRead);
