using System.Globalization;
using System.Text.RegularExpressions;

namespace NrSer.Pipeline.Lake;

/// <summary>A file of the lake as it stands: rows of one table and month.</summary>
/// <param name="Table">Name of its table.</param>
/// <param name="Month"><c>yyyy-MM</c>, of the upload in UTC.</param>
/// <param name="Number">From 1. A recording's rows are in the parts of one number, in every table.</param>
/// <param name="ETag">Of its content; null before it is written.</param>
/// <param name="Rows">How many it holds.</param>
/// <param name="Bytes">Its size.</param>
public sealed partial record LakePart(string Table, string Month, int Number, string? ETag, long Rows, long Bytes)
{
    /// <summary>Begins the names of all blobs of the lake, within the container of results.</summary>
    public const string Root = "lake/v1/";

    /// <summary>Its blob.</summary>
    public string BlobName => NameOf(Table, Month, Number);

    /// <summary>Name of a part's blob.</summary>
    /// <param name="table">Its table.</param>
    /// <param name="month">Its month.</param>
    /// <param name="number">Its number.</param>
    public static string NameOf(string table, string month, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{table}/month={month}/part-{number:D4}.parquet");

    /// <summary>The month whose parts hold a recording.</summary>
    /// <param name="id">Its id begins with the day of its upload.</param>
    public static string MonthOf(RecordingId id) => id.Date[..7];

    /// <summary>Takes the name of a part's blob apart.</summary>
    /// <param name="blobName">What may be one.</param>
    internal static (string Table, string Month, int Number)? TryParse(string blobName) =>
        Pattern().Match(blobName) is { Success: true } match
            && int.TryParse(match.Groups["number"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? (match.Groups["table"].Value, match.Groups["month"].Value, number) : null;

    [GeneratedRegex(@"^lake/v1/(?<table>[a-z]+)/month=(?<month>\d{4}-\d{2})/part-(?<number>\d{4,9})\.parquet$",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
