using System.Runtime.CompilerServices;
using System.Buffers;
using System.Buffers.Text;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NrSer.Dashboard.Recordings;
using NrSer.Pipeline;
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
        string id, HttpContext context, RecordingReader reader, RecordingStore store, CancellationToken cancellationToken,
        [Description("s; those that end later."), Range(0.0, ParameterRules.LatestSecond)] double? from = null,
        [Description("s; those that begin earlier."), Range(0.0, ParameterRules.LatestSecond)] double? to = null,
        [Description("Those of a channel, from 0; without it, of all."), Range(0, ParameterRules.MostChannels - 1)] int? channel = null,
        [Description("Those of at least that trust."), Range(0.0, 1.0)] double? minTrust = null,
        [Description("Without it, as Accept says, or JSON."), AllowedValues("json", "ndjson", "csv")] string? format = null,
        [Description("Goes on where the answer that gave it ended.")] string? cursor = null,
        [Description("Most segments of an answer in JSON."), Range(1, MostOfPage)] int limit = 500)
    {
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        (double first, double last) = Stretch(from, to, double.MaxValue);
        int? chosen = channel is { } one ? RecordingReader.ChannelOf(recording, one) : null;
        bool Matches(Segment segment) => segment.EndSeconds > first && segment.StartSeconds < last && (chosen is null || segment.Channel == chosen)
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
            default:
                break;
        }

        int skip = 0;
        if (cursor is not null && (!Base64Url.IsValid(cursor) || !int.TryParse(
            Base64Url.DecodeFromChars(cursor), NumberStyles.None, CultureInfo.InvariantCulture, out skip) || skip > RecordingReader.MostSegments))
            throw new BadQueryException(nameof(cursor), "is none that this recording gave. Leave it out to begin again.");
        IReadOnlyList<Segment> all = await reader.SegmentsAsync(recording, cancellationToken).ConfigureAwait(false);
        if (!recording.Status.IsOpen() && Unchanged.Is(context, $"{recording.Version}{all.Count}"))
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        Segment[] page = [.. all.Where(Matches).Skip(skip).Take(limit + 1)];
        return TypedResults.Ok(new SegmentsV1(
            page.Length > limit ? page[..limit] : page, page.Length > limit ? CursorOf(skip + limit) : null));
    }

    private static string CursorOf(int skip) =>
        Base64Url.EncodeToString(Encoding.ASCII.GetBytes(skip.ToString(CultureInfo.InvariantCulture)));

    /// <summary>A file of segments, whatever their number.</summary>
    public static IResult Csv(Recording recording, IAsyncEnumerable<Segment> segments, CancellationToken cancellationToken) => TypedResults.Stream(
        stream => WriteCsvAsync(recording, segments, stream, cancellationToken), "text/csv; charset=utf-8; header=present", $"{recording.Id}.csv");

    private static async Task<IResult> TimelineAsync(
        string id, HttpContext context, RecordingReader reader, CancellationToken cancellationToken,
        [Description("s"), Range(0.0, ParameterRules.LatestSecond)] double from = 0,
        [Description("s; without it, the end."), Range(0.0, ParameterRules.LatestSecond)] double? to = null,
        [Description("Most cells."), Range(1, MostCells)] int px = 1000,
        [Description(RecordingReader.Channel), Range(0, ParameterRules.MostChannels - 1)] int channel = 0)
    {
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        (double first, double last) = Stretch(from, to, recording.DurationSeconds ?? 0);
        int chosen = RecordingReader.ChannelOf(recording, channel);
        IReadOnlyList<Segment> segments = await reader.SegmentsAsync(recording, cancellationToken).ConfigureAwait(false);
        if (!recording.Status.IsOpen() && Unchanged.Is(context, $"{recording.Version}{segments.Count}"))
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        bool isOnly = segments.Count == 0 || segments[^1].Channel == 0;
        return TypedResults.Ok(Timeline.Of(
            isOnly ? segments : [.. segments.Where(segment => segment.Channel == chosen)], first, last, px));
    }

    /// <exception cref="BadQueryException">It ends before it begins.</exception>
    public static (double From, double To) Stretch(double? from, double? to, double end)
    {
        double first = from ?? 0, last = to ?? Math.Max(first, end);
        return last >= first ? (first, last) : throw new BadQueryException(nameof(to), "lies before from.");
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
