using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using NrSer.Dashboard.Audio;
using NrSer.Dashboard.Recordings;
using NrSer.Dashboard.Security;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Api;

/// <summary>What a recording sounds like, and what that looks like.</summary>
internal static class AudioEndpoints
{
    public static void MapAudio(this IEndpointRouteBuilder api)
    {
        api.MapMethods("/recordings/{id}/audio", [HttpMethods.Get, HttpMethods.Head], AudioAsync).WithName("audio")
            .WithSummary("One channel as a WAVE file, PCM16 at 16 kHz, with byte ranges.")
            .WithDescription(
                "original: as it was recorded. heard: as the emotion model heard it. Where the work audio is gone both are made again from the "
                + "upload, and the first request for a piece waits for that; 410 where they cannot be.")
            .Produces(StatusCodes.Status200OK, contentType: "audio/wav").Produces(StatusCodes.Status206PartialContent, contentType: "audio/wav")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status410Gone)
            .For(PageRoles.Listener);
        api.MapGet("/recordings/{id}/peaks", PeaksAsync).WithName("peaks")
            .WithSummary("Lowest and highest sample of every 1, 1/10 or 1/100 s: version 2 of audiowaveform's binary data, 8 bits.")
            .WithDescription($"At most {PeakReader.MostPairs} pairs an answer.")
            .Produces(StatusCodes.Status200OK, contentType: "application/octet-stream").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> AudioAsync(
        string id, string? version, int? channel, HttpContext context, RecordingReader reader, TrackReader tracks,
            CancellationToken cancellationToken)
    {
        AudioVersion wanted = VersionOf(version);
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        TrackStream track = await tracks.OpenAsync(recording, wanted, channel ?? 0, cancellationToken).ConfigureAwait(false);
        RangeItemHeaderValue? range = context.Request.GetTypedHeaders().Range is { Ranges: { Count: 1 } ranges } ? ranges.First() : null;
        await track.PrepareAsync(range is null ? 0 : range.From, range?.To, cancellationToken).ConfigureAwait(false);
        return TypedResults.Stream(
            track, "audio/wav", enableRangeProcessing: true,
            entityTag: new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{recording.Generation}-{wanted}-{track.Length}\"")));
    }

    private static async Task<IResult> PeaksAsync(
        string id, string? version, int? perSecond, double? from, double? to, int? channel, HttpContext context, RecordingReader reader,
            PeakReader peaks,
        CancellationToken cancellationToken)
    {
        AudioVersion wanted = VersionOf(version);
        if (perSecond is not (null or 1 or 10 or 100))
            throw new BadQueryException(nameof(perSecond), "takes 1, 10 or 100.");
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        double end = recording.DurationSeconds ?? 0;
        double first = from ?? 0, last = Math.Min(to ?? end, end);
        if (!double.IsFinite(first) || first < 0)
            throw new BadQueryException(nameof(from), "takes seconds from 0 on.");
        if (to is { } given && !(given >= first))
            throw new BadQueryException(nameof(to), "takes seconds, not before from.");
        byte[] file = await peaks.ReadAsync(recording, wanted, channel ?? 0, perSecond ?? 10, first, Math.Max(first, last), cancellationToken)
            .ConfigureAwait(false);
        return Unchanged.Is(context, Convert.ToHexStringLower(SHA256.HashData(file))) ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Bytes(file, "application/octet-stream");
    }

    private static AudioVersion VersionOf(string? version) => version switch
    {
        null or "original" => AudioVersion.Original,
        "heard" => AudioVersion.Heard,
        _ => throw new BadQueryException(nameof(version), "takes original or heard."),
    };
}
