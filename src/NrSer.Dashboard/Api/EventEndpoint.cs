using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Api;

/// <summary>Tells a page what is being worked on, as it goes on. What that costs follows what is open, not the archive.</summary>
internal static class EventEndpoint
{
    private const int MostOpen = 20; // whose progress is looked at; of others only how many there are

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);

    public static void MapEvents(this IEndpointRouteBuilder api) => api.MapGet("/events", Events).WithName("events")
        .WithSummary("Server-sent events `working`: the recordings that have begun and not ended, whenever that changes.")
        .Produces<OpenV1>(StatusCodes.Status200OK, "text/event-stream");

    private static ServerSentEventsResult<OpenV1> Events(RecordingStore store, TimeProvider time, IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken) =>
        TypedResults.ServerSentEvents(ListenAsync(store, time, lifetime.ApplicationStopping, cancellationToken));

    private static async IAsyncEnumerable<SseItem<OpenV1>> ListenAsync(
        RecordingStore store, TimeProvider time, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        string? told = null;
        while (!ending.IsCancellationRequested)
        {
            OpenV1? open = null;
            try
            {
                open = await LookAsync(store, time.GetUtcNow(), ending.Token).ConfigureAwait(false);
            }
            catch (Exception down) when (!ending.IsCancellationRequested && Pipeline.Work.ServiceUnavailableException.IsBehind(down))
            {
                // The storage comes back, or the page's next request says that it does not.
            }
            catch (OperationCanceledException)
            {
                yield break;
            }

            string now = open is null ? "" : string.Join(';', open.Recordings) + open.Others;
            if (open is not null && now != told)
            {
                told = now;
                yield return new SseItem<OpenV1>(open, "working");
            }

            await Task.Delay(s_interval, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<OpenV1> LookAsync(RecordingStore store, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var open = new List<OpenRecordingV1>();
        int others = 0;
        await foreach (RecordingId id in store.Open.UnfinishedAsync(now, cancellationToken).ConfigureAwait(false))
        {
            if (open.Count == MostOpen)
            {
                others++;
                continue;
            }

            if (await store.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } recording || !recording.Status.IsOpen())
                continue;
            int finished = 0;
            await foreach (Chunk chunk in store.ChunksAsync(id, cancellationToken).ConfigureAwait(false))
                finished += chunk.FinishedAt is null ? 0 : 1;
            open.Add(new OpenRecordingV1(id.Value, recording.BlobName ?? "", recording.Status.ToString(), finished, recording.ExpectedChunks));
        }

        return new OpenV1(open, others);
    }
}

/// <summary>What is being worked on.</summary>
/// <param name="Recordings">Some of it.</param>
/// <param name="Others">How many there are besides.</param>
internal sealed record OpenV1(IReadOnlyList<OpenRecordingV1> Recordings, int Others);

/// <summary>A recording that has begun and not ended.</summary>
/// <param name="RecordingId">Which.</param>
/// <param name="BlobName">Its name.</param>
/// <param name="Status">Queued or Processing.</param>
/// <param name="FinishedChunks">Chunks that are done.</param>
/// <param name="ExpectedChunks">Of so many; null until it is decoded.</param>
internal sealed record OpenRecordingV1(string RecordingId, string BlobName, string Status, int FinishedChunks, int? ExpectedChunks);
