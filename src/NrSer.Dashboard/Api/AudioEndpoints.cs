using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
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
    private const string Original = "original";
    private const string Heard = "heard";
    private const string Version = "As it was recorded, or as the emotion model heard it.";

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
        string id, HttpContext context, RecordingReader reader, TrackReader tracks, CancellationToken cancellationToken,
        [Description(Version), AllowedValues(Original, Heard)] string version = Original,
        [Description(RecordingReader.Channel), Range(0, ParameterRules.MostChannels - 1)] int channel = 0)
    {
        AudioVersion wanted = VersionOf(version);
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        TrackStream track = await tracks.OpenAsync(
            recording, wanted, RecordingReader.ChannelOf(recording, channel), cancellationToken).ConfigureAwait(false);
        RangeItemHeaderValue? range = context.Request.GetTypedHeaders().Range is { Ranges: { Count: 1 } ranges } ? ranges.First() : null;
        await track.PrepareAsync(range is null ? 0 : range.From, range?.To, cancellationToken).ConfigureAwait(false);
        return TypedResults.Stream(
            track, "audio/wav", enableRangeProcessing: true,
            entityTag: new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{recording.Generation}-{wanted}-{track.Length}\"")));
    }

    private static async Task<IResult> PeaksAsync(
        string id, HttpContext context, RecordingReader reader, PeakReader peaks, CancellationToken cancellationToken,
        [Description(Version), AllowedValues(Original, Heard)] string version = Original,
        [Description("Pairs a second."), AllowedValues(1, 10, 100)] int perSecond = 10,
        [Description("s"), Range(0.0, ParameterRules.LatestSecond)] double from = 0,
        [Description("s; without it, the end."), Range(0.0, ParameterRules.LatestSecond)] double? to = null,
        [Description(RecordingReader.Channel), Range(0, ParameterRules.MostChannels - 1)] int channel = 0)
    {
        AudioVersion wanted = VersionOf(version);
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        double end = recording.DurationSeconds ?? 0;
        (double first, double last) = SegmentEndpoints.Stretch(from, to, end);
        byte[] file = await peaks.ReadAsync(
            recording, wanted, RecordingReader.ChannelOf(recording, channel), perSecond, first,
            Math.Max(first, Math.Min(last, end)), cancellationToken).ConfigureAwait(false);
        return Unchanged.Is(context, Convert.ToHexStringLower(SHA256.HashData(file))) ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Bytes(file, "application/octet-stream");
    }

    private static AudioVersion VersionOf(string version) => version == Heard ? AudioVersion.Heard : AudioVersion.Original;
}
