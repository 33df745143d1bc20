using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Recordings;

/// <summary>
/// Pages through recordings by day of upload, and within a day by time. Tables give the rows of a day by id, so that a page reads all of its days,
/// however long; it holds no more of them than it shows.
/// </summary>
/// <param name="store">All rows.</param>
internal sealed class RecordingListing(RecordingStore store)
{
    /// <summary>Rows after which a page begins no further day, should few of them match.</summary>
    public const int MostRead = 5000;

    private const int RowsOfRequest = 1000; // the service's limit

    /// <summary>A page.</summary>
    /// <param name="wanted">Which recordings.</param>
    /// <param name="cursor">From the page before; null for the first.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task<RecordingsV1> PageAsync(WantedRecordings wanted, string? cursor, int limit, CancellationToken cancellationToken)
    {
        Place place = cursor is null ? new Place(wanted.NewestFirst ? wanted.To : wanted.From) : Place.Parse(cursor, wanted);
        var found = new List<Recording>();
        int read = 0;
        while (await NextDayAsync(wanted, place, cancellationToken).ConfigureAwait(false) is { } day)
        {
            place = day == place.Day ? place : new Place(day);
            (int rows, bool more) = await AddDayAsync(wanted, place, limit, found, cancellationToken).ConfigureAwait(false);
            read += rows;
            place = more ? new Place(day, found[^1].UploadedAt ?? default, found[^1].Id.Value)
                : new Place(day.AddDays(wanted.NewestFirst ? -1 : 1));
            if (more || found.Count == limit || read >= MostRead)
                return new RecordingsV1(found, place.ToString(), read);
        }

        return new RecordingsV1(found, Cursor: null, read);
    }

    private static RecordingFilter Days(WantedRecordings wanted, DateOnly from, DateOnly to) => new(from, to, wanted.Status);

    /// <summary>Adds what a day has behind a place, in order, as far as there is room.</summary>
    /// <returns>How many rows it has, and whether there was more.</returns>
    private async Task<(int Rows, bool More)> AddDayAsync(
        WantedRecordings wanted, Place place, int limit, List<Recording> found, CancellationToken cancellationToken)
    {
        var first = new SortedSet<Recording>(Comparer<Recording>.Create(wanted.Compare));
        Recording? last = place.AfterId is { } id ? new Recording { Id = RecordingId.Parse(id), UploadedAt = place.After } : null;
        int rows = 0, room = limit - found.Count;
        bool more = false;
        RecordingPage page = new([], Continuation: null);
        do
        {
            page = await store.PageAsync(Days(wanted, place.Day, place.Day), RowsOfRequest, page.Continuation, cancellationToken)
                .ConfigureAwait(false);
            rows += page.Recordings.Count;
            foreach (Recording row in page.Recordings)
            {
                if (!wanted.Matches(row) || (last is not null && wanted.Compare(row, last) <= 0))
                    continue;
                first.Add(row);
                if (first.Count > room)
                    more = first.Remove(first.Max!);
            }
        }
        while (page.Continuation is not null);

        found.AddRange(first);
        return (rows, more);
    }

    /// <summary>The first day from a place on that has a recording: tables only tell the earliest, so the latest is closed in on.</summary>
    private async Task<DateOnly?> NextDayAsync(WantedRecordings wanted, Place place, CancellationToken cancellationToken)
    {
        if (place.AfterId is not null)
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
    private sealed record Place(DateOnly Day, DateTimeOffset After = default, string? AfterId = null)
    {
        public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this));

        public static Place Parse(string cursor, WantedRecordings wanted)
        {
            try
            {
                Place? place = JsonSerializer.Deserialize<Place>(Base64Url.DecodeFromChars(cursor));
                if (place is not null && place.Day >= wanted.From.AddDays(-1) && place.Day <= wanted.To.AddDays(1)
                    && (place.AfterId is null || RecordingId.TryParse(place.AfterId, out _)))
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
/// <param name="Tag">Those with this tag, in any case; null for all.</param>
/// <param name="MinTrust">Those of at least that mean trust; null for all.</param>
/// <param name="NewestFirst">By time of upload.</param>
internal sealed record WantedRecordings(
    DateOnly From, DateOnly To, RecordingStatus? Status, string? Folder, string? Text, string? Tag, double? MinTrust, bool NewestFirst)
{
    /// <summary>Which of two comes first; none is like another.</summary>
    public int Compare(Recording one, Recording other)
    {
        int order = (one.UploadedAt ?? default).CompareTo(other.UploadedAt ?? default);
        return order != 0 ? (NewestFirst ? -order : order) : string.CompareOrdinal(one.Id.Value, other.Id.Value);
    }

    /// <summary>Whether it is meant, by its name, tags and trust.</summary>
    public bool Matches(Recording recording) =>
        (MinTrust is not { } least || recording.MeanTrust >= least)
        && (Tag is null || recording.Tags?.Split(", ").Contains(Tag, StringComparer.OrdinalIgnoreCase) == true)
        && (Folder is null || recording.BlobName?.StartsWith(Folder, StringComparison.Ordinal) == true)
        && (Text is null || recording.BlobName?.Contains(Text, StringComparison.OrdinalIgnoreCase) == true
            || recording.Id.Value.StartsWith(Text, StringComparison.Ordinal));
}

/// <summary>Some recordings of many.</summary>
/// <param name="Recordings">In order.</param>
/// <param name="Cursor">Asks for the next; null when there are no more. A page may be short, or empty, and not the last.</param>
/// <param name="RowsRead">Rows that were looked at for it.</param>
internal sealed record RecordingsV1(IReadOnlyList<Recording> Recordings, string? Cursor, int RowsRead);
