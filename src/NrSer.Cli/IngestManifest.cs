using System.Globalization;
using CsvHelper;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Uploads;

namespace NrSer.Cli;

/// <summary>Recordings that a CSV file lists, with what it says of them; a row that is wrong loses no other.</summary>
/// <param name="Recordings">In the order of the file.</param>
/// <param name="Wrong">The lines of other rows, what is wrong in which column.</param>
/// <param name="Unused">Names of columns that mean nothing here.</param>
internal sealed record IngestManifest(
    IReadOnlyList<ListedRecording> Recordings, IReadOnlyList<(long Line, string? Column, string Reason)> Wrong, IReadOnlyList<string> Unused)
{
    private const int MaxTagBytes = 6000; // as metadata, of which 8 KB fit
    private const int MaxRowBytes = 64 * 1024;

    private static readonly string[] s_columns = ["path", "url", "name", "recordedat", "tags"];

    private static readonly string[] s_times = // ISO 8601, as far as it is used
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss",
    ];

    /// <summary>Reads a manifest.</summary>
    /// <param name="manifest">The file; paths in it begin at its folder.</param>
    /// <exception cref="UsageException">It has neither of the columns path and url.</exception>
    public static IngestManifest Read(FileInfo manifest)
    {
        var wrong = new List<(long Line, string? Column, string Reason)>();
        using FileStream file = manifest.OpenRead();
        using CsvReader csv = CsvReader.Create(file, new CsvReaderOptions
        {
            TrimWhitespace = true, TrackLineNumbers = true, NormalizeHeaderName = name => name.Trim().ToLowerInvariant(), MaxRecordSize = MaxRowBytes,
            AllowLineBreaksInQuotes = false, // a quote that is never closed must not swallow the rows behind it
            MalformedData = CsvMalformedDataHandling.Skip, FieldCountMismatch = CsvFieldCountHandling.Skip,
            OnMalformedRecord = record => wrong.Add((record.LineNumber, null, ReasonOf(record.Reason))),
        });
        try
        {
            csv.ReadHeader();
            string[] columns = [.. csv.Headers.Select(name => name.Trim().ToLowerInvariant())];
            if (!columns.Contains("path") && !columns.Contains("url"))
                throw new UsageException($"{manifest}: its first line names neither a column path nor a column url. See: nrser ingest --help");
            if (s_columns.FirstOrDefault(column => columns.Count(name => name == column) > 1) is { } twice)
                throw new UsageException($"{manifest}: its first line names the column {twice} twice.");
            var recordings = new List<ListedRecording>();
            var lines = new Dictionary<string, long>(StringComparer.Ordinal);
            while (csv.Read())
            {
                long line = csv.LineNumber;
                try
                {
                    ListedRecording recording = Row(csv, manifest.DirectoryName!);
                    if (!lines.TryAdd(recording.BlobName, line))
                        throw new WrongValueException("name", $"'{recording.BlobName}' is taken by line {lines[recording.BlobName]}; say another.");
                    recordings.Add(recording with { Line = line });
                }
                catch (WrongValueException value)
                {
                    wrong.Add((line, value.Column, value.Message));
                }
            }

            return new IngestManifest(
                recordings, [.. wrong.OrderBy(row => row.Line)], [.. csv.Headers.Where((_, at) => !s_columns.Contains(columns[at]))]);
        }
        catch (CsvFormatException broken)
        {
            throw new UsageException($"{manifest}, line {broken.LineNumber}: {broken.Message}");
        }
    }

    private static ListedRecording Row(CsvReader csv, string folder)
    {
        (string? path, string? url) = (Text(csv, "path"), Text(csv, "url"));
        if (path is null && url is null)
            throw new WrongValueException(csv.TryGetFieldIndex("path", out _) ? "path" : "url", "It is empty: a row names a file or an address.");
        if (path is not null && url is not null)
            throw new WrongValueException("url", "A row names a file or an address, not both.");
        Uri? address = url is null ? null : AddressOf(url);
        FileInfo? file = path is null ? null : FileOf(Path.Combine(folder, path));
        string name = Text(csv, "name") ?? file?.Name ?? NameOf(address!);
        return FoundRecordings.WhatIsWrongWith(name) is { } reason ? throw new WrongValueException("name", $"'{name}': {reason}")
            : new ListedRecording(name, file, address) { About = UploadMetadata.Of(RecordedAt(csv), Tags(csv)) };
    }

    private static FileInfo FileOf(string path) => new FileInfo(path) is { Exists: true } file ? file
        : throw new WrongValueException("path", Directory.Exists(path) ? $"{path} is a folder; a row names a file." : $"There is no file {path}.");

    private static Uri AddressOf(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
        && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp) ? address
        : throw new WrongValueException("url", $"'{text}' is no address that begins with https:// or http://.");

    /// <summary>What the address ends with, unless that may be a secret.</summary>
    private static string NameOf(Uri address)
    {
        string last = Uri.UnescapeDataString(address.Segments[^1]);
        return last.EndsWith('/') || WebAddress.Shown(new Uri(address.GetLeftPart(UriPartial.Path))).EndsWith('…')
            ? throw new WrongValueException("name", $"{WebAddress.Shown(address)} does not say what to call it; do so here.") : last;
    }

    private static DateTimeOffset? RecordedAt(CsvReader csv)
    {
        if (Text(csv, "recordedat") is not { } text)
            return null;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, s_times, CultureInfo.InvariantCulture, Utc, out DateTimeOffset time) && time.Year > 1600 ? time
            : throw new WrongValueException("recordedAt", $"'{text}' is no time such as 2020-04-01 or 2020-04-01T09:30:00+02:00.");
    }

    private static string? Tags(CsvReader csv) => UploadMetadata.TagsOf(Text(csv, "tags")) is not { } tags ? null
        : UploadMetadata.Of(recordedAt: null, tags)[UploadMetadata.Tags].Length is var bytes && bytes <= MaxTagBytes ? tags
        : throw new WrongValueException("tags", $"They take {bytes:N0} bytes, of which {MaxTagBytes:N0} fit.");

    private static string? Text(CsvReader csv, string column) =>
        csv.TryGetFieldIndex(column, out int index) && csv.GetString(index) is { Length: > 0 } text ? text : null;

    private static string ReasonOf(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.FieldCountMismatch => "It has more or fewer fields than the first line; put what holds a comma between quotes.",
        CsvMalformedReason.UnterminatedQuote or CsvMalformedReason.LineBreakInQuotes => "A quote is opened and not closed on this line.",
        _ => "A quote stands within a field: put the field between quotes and write the quote twice.",
    };

    /// <summary>A value that cannot be.</summary>
    private sealed class WrongValueException(string column, string reason) : Exception(reason)
    {
        public string Column => column;
    }
}
