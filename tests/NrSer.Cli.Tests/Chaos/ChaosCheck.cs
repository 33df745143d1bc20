using Azure.Storage.Blobs.Models;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Cli.Tests.Chaos;

/// <summary>What must be true of a stack in which nothing is under way, whatever happened to it.</summary>
/// <param name="stack">The stack.</param>
/// <param name="uploads">What lies in the container: SHA-256 by name.</param>
/// <param name="forgotten">Names of what was forgotten.</param>
internal sealed class ChaosCheck(Stack stack, IReadOnlyDictionary<string, string> uploads, IReadOnlyCollection<string> forgotten)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async Task RunAsync()
    {
        RecordingStore store = stack.Store();
        DateOnly today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        List<Recording> rows = await store.ListAsync(new RecordingFilter(today.AddDays(-2), today.AddDays(1)), Stop).ToListAsync(Stop);
        foreach ((string name, string hash) in uploads)
        {
            Recording row = Assert.Single(rows, row => row.BlobName == name && row.Sha256 == hash && row.Status != RecordingStatus.Withdrawn);
            Assert.Equal((RecordingStatus.Completed, ""), (row.Status, row.Reason ?? ""));
        }

        // What was replaced before it was taken in has left nothing; what was taken in before is complete as well.
        Assert.All(rows, row => Assert.True(row.Status is RecordingStatus.Completed or RecordingStatus.Withdrawn,
            $"{row.Id} {row.Status} {row.Reason}"));
        Assert.Distinct(rows.Where(row => row.Status == RecordingStatus.Completed).Select(row => (row.BlobName, row.Sha256)));
        foreach (Recording row in rows)
            await CheckAsync(store, row);
        Assert.Empty(await store.Open.UnfinishedAsync(TimeProvider.System.GetUtcNow().AddDays(1), Stop).ToListAsync(Stop));
        foreach (string queue in StorageNames.StorageQueues)
            Assert.Empty(await stack.MessagesAsync(queue));
        await CheckForgottenAsync(store, rows, today);
    }

    /// <summary>Of what was forgotten tombstones are left, and a chain of proofs.</summary>
    private async Task CheckForgottenAsync(RecordingStore store, List<Recording> rows, DateOnly today)
    {
        Assert.DoesNotContain(rows, row => forgotten.Contains(row.BlobName));
        foreach (string name in forgotten)
            Assert.False(await stack.Container(StorageNames.Recordings).GetBlobClient(name).ExistsAsync(Stop), name);
        var gone = new RecordingFilter(today.AddDays(-2), today.AddDays(1), RecordingStatus.Forgotten);
        List<Recording> tombstones = await store.ListAsync(gone, Stop).ToListAsync(Stop);
        Assert.True(tombstones.Count >= forgotten.Count, $"{tombstones.Count} tombstones of {forgotten.Count}");
        foreach (Recording tombstone in tombstones)
        {
            Assert.Null(tombstone.BlobName);
            Assert.Empty(await Stack.ChunksAsync(store, tombstone, Stop));
            Assert.Empty(await store.TableSegmentsAsync(tombstone.Id, Stop).ToListAsync(Stop));
            foreach (string container in new[] { StorageNames.Chunks, StorageNames.Enhanced, StorageNames.Results })
            {
                Assert.Empty(await stack.Container(container).GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{tombstone.Id}/", Stop)
                    .Select(blob => blob.Name).ToListAsync(Stop));
            }
        }

        (await stack.RunAsync("forget", "verify")).Succeeded();
    }

    private async Task CheckAsync(RecordingStore store, Recording row)
    {
        List<Segment> segments = await Stack.SegmentsAsync(store, row);
        if (row.Status == RecordingStatus.Withdrawn)
        {
            Assert.Empty(segments);
            Assert.Empty(await Stack.ChunksAsync(store, row, Stop));
            Assert.Empty(await stack.Container(StorageNames.Chunks).GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{row.Id}/",
                Stop).ToListAsync(Stop));
            return;
        }

        Assert.Equal((row.SegmentCount, row.SpeechSegmentCount), (segments.Count, segments.Count(segment => segment.IsSpeech)));
        Assert.All(segments, segment => Assert.Equal(segment.IsSpeech, segment.Emotion is not null));
        double end = 0;
        foreach (Segment segment in segments)
        {
            Assert.Equal(end, segment.StartSeconds, 1e-9);
            end = segment.EndSeconds;
        }

        Assert.Equal(row.DurationSeconds!.Value, end, 0.001);
        await StoredRows.AssertParquetAsync(stack, row, segments);
        string receipt = (await stack.Container(StorageNames.Results).GetBlobClient(ResultBlobs.ReceiptName(row.Id)).DownloadContentAsync(Stop))
            .Value.Content.ToString();
        Assert.Contains(row.Sha256!, receipt, StringComparison.Ordinal);
    }
}
