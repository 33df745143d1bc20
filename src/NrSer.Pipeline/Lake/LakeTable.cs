using NrSer.Pipeline.Results;

namespace NrSer.Pipeline.Lake;

/// <summary>A table of the lake, made from the one list of columns.</summary>
/// <param name="Name">Its folder, and the view that queries name.</param>
/// <param name="Meaning">What a row is.</param>
/// <param name="Columns">In order.</param>
/// <param name="Order">What its rows are sorted by, as SQL.</param>
public sealed record LakeTable(string Name, string Meaning, IReadOnlyList<LakeColumn> Columns, string Order)
{
    /// <summary>Columns of a recording that the lake has: what Sweep alone writes says how work stands, which changes without an end.</summary>
    internal static IReadOnlyList<Column<Recording>> RecordingSources { get; } =
        [.. RecordingColumns.All.Where(column => column.Owners != Stage.Sweep)];

    /// <summary>The month of the upload, which is the folder of a part and no column in it.</summary>
    public static LakeColumn Month { get; } =
        new("month", "VARCHAR", null, IsNullable: false, "Month of the upload in UTC, `yyyy-MM`; the part's folder.");

    /// <summary>A row for every recording that has ended.</summary>
    public static LakeTable Recordings { get; } = new(
        "recordings", "One row for every recording that has ended: completed, rejected or failed.",
        [
            .. RecordingSources.Select(Of),
            new("UploadedOn", "DATE", "UTC", IsNullable: true, "Day of the upload; joins `dates`.",
                "CAST(\"UploadedAt\" AT TIME ZONE 'UTC' AS DATE)"),
            new("UploadedHour", "INTEGER", "0–23, UTC", IsNullable: true, "Hour of the upload.",
                "CAST(hour(\"UploadedAt\" AT TIME ZONE 'UTC') AS INTEGER)"),
            new("RecordedOn", "DATE", "UTC", IsNullable: true, "Day on which it was recorded or published.",
                "CAST(\"RecordedAt\" AT TIME ZONE 'UTC' AS DATE)"),
            new("RecordedHour", "INTEGER", "0–23, UTC", IsNullable: true, "Hour at which it was recorded or published.",
                "CAST(hour(\"RecordedAt\" AT TIME ZONE 'UTC') AS INTEGER)"),
        ],
        "\"RecordingId\"");

    /// <summary>A row for every one of those that is an episode of a podcast.</summary>
    public static LakeTable Episodes { get; } = new(
        "episodes", "One row for every recording that has ended and is an episode of a podcast: what its feed says of it.",
        [
            new("RecordingId", "VARCHAR", null, IsNullable: false, "The recording."),
            .. EpisodeColumns.Told.Select(Of),
        ],
        "\"RecordingId\"");

    /// <summary>A row for every segment of the recordings.</summary>
    public static LakeTable Segments { get; } = new(
        "segments", "One row for every few seconds of a recording that has ended.",
        [
            .. SegmentColumns.All.Select(Of),
            new("DurationSeconds", "DOUBLE", "s", IsNullable: false, "Its length.", "\"EndSeconds\" - \"StartSeconds\""),
        ],
        "\"RecordingId\", \"Channel\", \"StartSeconds\"");

    /// <summary>The podcasts; it stands beside the folders.</summary>
    public static LakeTable Feeds { get; } = new(
        "feeds", "One row for every podcast that is followed, or was.",
        [.. FeedColumns.Told.Select(Of)],
        "\"FeedId\"");

    /// <summary>The calendar, for BI tools that want one; it stands beside the folders.</summary>
    public static LakeTable Dates { get; } = new(
        "dates", "One row for every day from the first month of the lake to the end of the last one's year.",
        [
            new("Date", "DATE", null, IsNullable: false, "The day.", "day"),
            new("Year", "INTEGER", null, IsNullable: false, "Its year.", "year(day)::INTEGER"),
            new("Quarter", "INTEGER", "1–4", IsNullable: false, "Its quarter.", "quarter(day)::INTEGER"),
            new("Month", "INTEGER", "1–12", IsNullable: false, "Its month.", "month(day)::INTEGER"),
            new("YearMonth", "VARCHAR", null, IsNullable: false, "Its month, `yyyy-MM`.", "strftime(day, '%Y-%m')"),
            new("IsoYear", "INTEGER", null, IsNullable: false, "Year of its week, ISO 8601.", "isoyear(day)::INTEGER"),
            new("IsoWeek", "INTEGER", "1–53", IsNullable: false, "Its week, ISO 8601.", "week(day)::INTEGER"),
            new("Weekday", "INTEGER", "1–7", IsNullable: false, "1 is Monday.", "isodow(day)::INTEGER"),
            new("WeekdayName", "VARCHAR", null, IsNullable: false, "Its name in English.", "dayname(day)"),
        ],
        "\"Date\"");

    /// <summary>Those that come in parts, by month.</summary>
    /// <remarks>In the order in which they are written when rows come. When rows go, and when parts are listed, it is the other way round, so that
    /// nobody finds rows of a recording that no part names.</remarks>
    public static IReadOnlyList<LakeTable> Partitioned { get; } = [Recordings, Episodes, Segments];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<LakeTable> All { get; } = [Recordings, Segments, Episodes, Feeds, Dates];

    /// <summary>Whether it comes in parts, by month; else it is one file beside their folders.</summary>
    public bool IsPartitioned => Partitioned.Contains(this);

    /// <summary>Where its files are, below the lake's root.</summary>
    public string Files => IsPartitioned ? $"{Name}/month=yyyy-MM/part-NNNN.parquet" : $"{Name}.parquet";

    /// <summary>Names and types, as SQL declares a table.</summary>
    internal string Declaration =>
        string.Join(", ", Columns.Where(column => column.Expression is null).Select(column => $"\"{column.Name}\" {column.SqlType}"));

    /// <summary>Rows in this table's columns and types, from rows that may lack some columns, have others, or have them in a wider type.</summary>
    /// <param name="rows">SQL for a relation with the results' names.</param>
    internal string Conform(string rows)
    {
        IEnumerable<LakeColumn> stored = Columns.Where(column => column.Expression is null);
        string none = string.Join(", ", stored.Select(column => $"NULL::{column.SqlType} AS \"{column.Name}\""));
        return $"SELECT {string.Join(", ", stored.Select(column => $"CAST(\"{column.Name}\" AS {column.SqlType}) AS \"{column.Name}\""))} "
            + $"FROM (SELECT {none} WHERE false UNION ALL BY NAME SELECT * FROM ({rows}))";
    }

    /// <summary>All columns, those made from others included.</summary>
    /// <param name="rows">SQL for a relation with the others.</param>
    internal string Derive(string rows)
    {
        IEnumerable<string> columns = Columns.Select(column => column.Expression is { } made ? $"{made} AS \"{column.Name}\"" : $"\"{column.Name}\"");
        return $"SELECT {string.Join(", ", columns)} FROM ({rows})";
    }

    private static LakeColumn Of<TRow>(Column<TRow> column) => new(
        column.Name, SqlTypeOf(column.Type), column.Unit, column.IsNullable,
        column.Reading is null ? column.Meaning : $"{column.Meaning} {column.Reading}");

    private static string SqlTypeOf(Type type) =>
        type == typeof(string) || type.IsEnum ? "VARCHAR"
        : type == typeof(int) ? "INTEGER"
        : type == typeof(long) ? "BIGINT"
        : type == typeof(float) ? "FLOAT"
        : type == typeof(double) ? "DOUBLE"
        : type == typeof(bool) ? "BOOLEAN"
        : type == typeof(DateTimeOffset) ? "TIMESTAMPTZ"
        : throw new NotSupportedException($"A column of {type.Name} has no form in the lake yet.");
}
