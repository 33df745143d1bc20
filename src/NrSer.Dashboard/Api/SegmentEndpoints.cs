using System.Runtime.CompilerServices;
using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NrSer.Dashboard.Recordings;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Api;

/// <summary>Segments of a recording: as rows, and as a picture of some width.</summary>
internal static class SegmentEndpoints
{
    private const int MostOfPage = 2000;
    private const int MostCells = 4096; // the width of the widest screens
    private const int FlushBytes = 1 << 16;

    public static void MapSegments(this IEndpointRouteBuilder api)
    {
        api.MapGet("/recordings/{id}/segments", SegmentsAsync).WithName("segments").WithSummary("Segments in order of channel and time.")
            .WithDescription(
                $"JSON by pages of at most {MostOfPage}; `format=ndjson` and `format=csv` (or Accept) give all of them in one stream. CSV keeps "
                + "spreadsheets from computing what looks like a formula.")
            .Produces<SegmentsV1>().Produces(StatusCodes.Status304NotModified).ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/recordings/{id}/timeline", TimelineAsync).WithName("timeline")
            .WithSummary("A stretch of one channel, for a screen of px columns: segments, or means over them where they are more.")
            .Produces<TimelineV1>().Produces(StatusCodes.Status304NotModified).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> SegmentsAsync(
        string id, double? from, double? to, int? channel, float? minTrust, string? format, string? cursor, int? limit, HttpContext context,
        RecordingReader reader, RecordingStore store, CancellationToken cancellationToken)
    {
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (minTrust is not (null or (>= 0 and <= 1)))
            throw new BadQueryException(nameof(minTrust), "takes 0 to 1.");
        (double first, double last) = Stretch(from, to, double.MaxValue);
        bool Matches(Segment segment) => segment.EndSeconds > first && segment.StartSeconds < last && (channel is null || segment.Channel == channel)
            && (minTrust is not { } least || segment.Trust >= least);

        string wanted = format ?? (context.Request.Headers.Accept.ToString() switch
        {
            var accept when accept.StartsWith("text/csv", StringComparison.OrdinalIgnoreCase) => "csv",
            var accept when accept.StartsWith("application/x-ndjson", StringComparison.OrdinalIgnoreCase) => "ndjson",
            _ => "json",
        });
        switch (wanted)
        {
            case "csv":
                return Csv(recording, store.SegmentsAsync(recording, cancellationToken).Where(Matches), cancellationToken);
            case "ndjson":
                return TypedResults.Stream(
                    stream => WriteLinesAsync(recording, store.SegmentsAsync(recording, cancellationToken).Where(Matches), stream, cancellationToken),
                    "application/x-ndjson");
            case "json":
                break;
            default:
                throw new BadQueryException(nameof(format), "takes json, ndjson or csv.");
        }

        int skip = 0;
        if (cursor is not null && (!Base64Url.IsValid(cursor) || !int.TryParse(
            Base64Url.DecodeFromChars(cursor), NumberStyles.None, CultureInfo.InvariantCulture, out skip) || skip > RecordingReader.MostSegments))
            throw new BadQueryException(nameof(cursor), "is none that this recording gave. Leave it out to begin again.");
        int most = Days.Within(limit ?? 500, 1, MostOfPage, nameof(limit));
        IReadOnlyList<Segment> all = await reader.SegmentsAsync(recording, cancellationToken).ConfigureAwait(false);
        if (Unchanged.Is(context, $"{recording.Version}{all.Count}"))
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        Segment[] page = [.. all.Where(Matches).Skip(skip).Take(most + 1)];
        return TypedResults.Ok(new SegmentsV1(
            page.Length > most ? page[..most] : page, page.Length > most ? CursorOf(skip + most) : null));
    }

    private static string CursorOf(int skip) =>
        Base64Url.EncodeToString(Encoding.ASCII.GetBytes(skip.ToString(CultureInfo.InvariantCulture)));

    /// <summary>A file of segments, whatever their number.</summary>
    public static IResult Csv(Recording recording, IAsyncEnumerable<Segment> segments, CancellationToken cancellationToken) => TypedResults.Stream(
        stream => WriteCsvAsync(recording, segments, stream, cancellationToken), "text/csv; charset=utf-8; header=present", $"{recording.Id}.csv");

    private static async Task<IResult> TimelineAsync(
        string id, double? from, double? to, int? px, int? channel, HttpContext context, RecordingReader reader, CancellationToken cancellationToken)
    {
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        int cells = Days.Within(px ?? 1000, 1, MostCells, nameof(px));
        (double first, double last) = Stretch(from, to, recording.DurationSeconds ?? 0);
        IReadOnlyList<Segment> segments = await reader.SegmentsAsync(recording, cancellationToken).ConfigureAwait(false);
        if (Unchanged.Is(context, $"{recording.Version}{segments.Count}"))
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        int chosen = channel ?? 0;
        bool isOnly = segments.Count == 0 || segments[^1].Channel == 0;
        return TypedResults.Ok(Timeline.Of(
            isOnly && chosen == 0 ? segments : [.. segments.Where(segment => segment.Channel == chosen)], first, last, cells));
    }

    private static (double From, double To) Stretch(double? from, double? to, double end)
    {
        double first = from ?? 0, last = to ?? end;
        if (!double.IsFinite(first) || first < 0)
            throw new BadQueryException(nameof(from), "takes seconds from 0 on.");
        return double.IsFinite(last) && last >= first ? (first, last) : throw new BadQueryException(nameof(to), "takes seconds, not before from.");
    }

    private static async Task WriteCsvAsync(
        Recording recording, IAsyncEnumerable<Segment> segments, Stream stream, CancellationToken cancellationToken)
    {
        var text = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), FlushBytes, leaveOpen: true);
        await using ConfiguredAsyncDisposable closing = text.ConfigureAwait(false);
        await text.WriteAsync(SegmentExport.CsvHeader.AsMemory(), cancellationToken).ConfigureAwait(false);
        await foreach (Segment segment in segments.ConfigureAwait(false))
            await text.WriteAsync(SegmentExport.CsvLine(recording, segment, defused: true).AsMemory(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task WriteLinesAsync(
        Recording recording, IAsyncEnumerable<Segment> segments, Stream stream, CancellationToken cancellationToken)
    {
        var lines = new ArrayBufferWriter<byte>(2 * FlushBytes);
        var json = new Utf8JsonWriter(lines);
        await using ConfiguredAsyncDisposable closing = json.ConfigureAwait(false);
        await foreach (Segment segment in segments.ConfigureAwait(false))
        {
            SegmentExport.WriteJson(json, recording, segment);
            await json.FlushAsync(cancellationToken).ConfigureAwait(false);
            json.Reset();
            lines.Write("\n"u8);
            if (lines.WrittenCount < FlushBytes)
                continue;
            await stream.WriteAsync(lines.WrittenMemory, cancellationToken).ConfigureAwait(false);
            lines.ResetWrittenCount();
        }

        await stream.WriteAsync(lines.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>Some segments of many.</summary>
/// <param name="Segments">In order of channel and time.</param>
/// <param name="Cursor">Asks for the next; null when there are no more.</param>
internal sealed record SegmentsV1(IReadOnlyList<Segment> Segments, string? Cursor);
