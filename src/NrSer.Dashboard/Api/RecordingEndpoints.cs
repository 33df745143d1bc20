using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NrSer.Dashboard.Audio;
using NrSer.Dashboard.Recordings;
using NrSer.Dashboard.Security;
using NrSer.Pipeline;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Api;

/// <summary>Recordings, one and many.</summary>
internal static class RecordingEndpoints
{
    private const int MostOfPage = 500;

    public static void MapRecordings(this IEndpointRouteBuilder api)
    {
        api.MapGet("/recordings", ListAsync).WithName("recordings").WithSummary("Recordings by time of upload, a page at a time.")
            .WithDescription(
                $"At most {MostOfPage} a page. A page that found little among {RecordingListing.MostRead} rows ends with their day: go on while "
                + "there is a cursor. minTrust leaves out what has no mean trust: without speech, or not at its end.");
        api.MapGet("/recordings/{id}", FindAsync).WithName("recording").WithSummary("A recording, and what of its audio can be heard.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        api.MapPost("/recordings/{id}/retry", RetryAsync).WithName("retry").WithSummary("Starts a failed or rejected recording again.")
            .WithDescription("Needs the header X-NrSer-Request.").ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict).For(PageRoles.Operator);
        api.MapPost("/recordings/{id}/forget", ForgetAsync).WithName("forget")
            .WithSummary("Forgets a recording for good, with everything that was made of it.")
            .WithDescription(
                "Needs the header X-NrSer-Request, and its name or its id once more. Nothing of it is shown any more from then on; the host "
                + "deletes it and writes the proof within minutes. Nothing brings it back.")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status410Gone).For(PageRoles.Operator);
    }

    private static async Task<Ok<RecordingsV1>> ListAsync(
        RecordingListing listing, PodcastStore podcasts, TimeProvider time, CancellationToken cancellationToken,
        [Description("First day of upload, UTC.")] DateOnly? from = null, [Description(Days.Last)] DateOnly? to = null,
        [Description("Those that stand so.")] RecordingStatus? status = null,
        [Description("Those of a podcast, by its id.")] string? feed = null,
        [Description("Those whose name contains it, in any case, or whose id begins so."), MaxLength(ParameterRules.LongestText)] string? q = null,
        [Description("Those with that tag, in any case."), MaxLength(ParameterRules.LongestText)] string? tag = null,
        [Description("Those of at least that mean trust."), Range(0.0, 1.0)] double? minTrust = null,
        [Description("By time of upload."), AllowedValues("newest", "oldest")] string sort = "newest",
        [Description("Goes on where the answer that gave it ended.")] string? cursor = null,
        [Description("Most recordings of an answer."), Range(1, MostOfPage)] int limit = 100)
    {
        (DateOnly first, DateOnly last) = Days.Of(from ?? DateOnly.MinValue, to, time); // a page asks for the days that it shows alone
        string? folder = string.IsNullOrEmpty(feed) ? null
            : (await podcasts.FindFeedAsync(feed, cancellationToken).ConfigureAwait(false))?.Slug is { } slug ? $"podcasts/{slug}/"
            : throw new BadQueryException(nameof(feed), "is the id of no feed that was read.");
        var wanted = new WantedRecordings(
            first, last, status, folder, string.IsNullOrEmpty(q) ? null : q, string.IsNullOrWhiteSpace(tag) ? null : tag.Trim(), minTrust,
            NewestFirst: sort != "oldest");
        return TypedResults.Ok(await listing.PageAsync(wanted, cursor, limit, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<Results<Ok<RecordingV1>, StatusCodeHttpResult>> FindAsync(
        string id, HttpContext context, RecordingReader reader, TrackReader tracks, CancellationToken cancellationToken)
    {
        Recording recording = await reader.FindRowAsync(id, cancellationToken).ConfigureAwait(false);
        PageRoles roles = context.VisitorOf().Roles;
        AvailableAudioV1 audio = roles.HasFlag(PageRoles.Listener) ? await tracks.AvailableAsync(recording, cancellationToken).ConfigureAwait(false)
            : new AvailableAudioV1("none", "none", $"To listen, you need the role {PageRoles.Listener}.");
        var found = new RecordingV1(recording, audio, roles.HasFlag(PageRoles.Operator));
        return Unchanged.Is(context, $"{recording.Version}{found.Audio}{roles}") ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Ok(found);
    }

    private static async Task<Accepted> RetryAsync(string id, RecordingReader reader, RecordingStore store, CancellationToken cancellationToken)
    {
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (!RecordingStatusExtensions.EndedBadly.Contains(recording.Status))
        {
            throw new RefusedException(
                StatusCodes.Status409Conflict, $"It is {recording.Status}; only failed and rejected recordings are started again.");
        }

        await store.RequestRetryAsync([recording.Id], cancellationToken).ConfigureAwait(false);
        return TypedResults.Accepted($"/api/v1/recordings/{recording.Id}");
    }

    private static async Task<Accepted> ForgetAsync(
        string id, ForgetV1 confirmation, RecordingReader reader, ForgetRequests requests, CancellationToken cancellationToken)
    {
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (confirmation.Name is not { Length: > 0 } name || (name != recording.BlobName && name != recording.Id.Value))
            throw new BadQueryException(nameof(name), "is not the name of this recording, nor its id. Nothing was forgotten.");
        await requests.RequestAsync([ForgetRequest.Of(recording)], cancellationToken).ConfigureAwait(false);
        return TypedResults.Accepted($"/api/v1/recordings/{recording.Id}");
    }
}

/// <summary>That somebody means it.</summary>
/// <param name="Name">The recording's, or its id.</param>
internal sealed record ForgetV1(string? Name);

/// <summary>A recording, as the page shows it.</summary>
/// <param name="Recording">Its row.</param>
/// <param name="Audio">What can be heard of it.</param>
/// <param name="MayOperate">Whether whoever asks may start it again, or forget it.</param>
internal sealed record RecordingV1(Recording Recording, AvailableAudioV1 Audio, bool MayOperate);
