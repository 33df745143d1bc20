using System.Text.Json;
using Azure.Storage.Blobs.Models;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Chaos;

/// <summary>What must be true of a stack in which nothing is under way, whatever happened to it.</summary>
/// <param name="stack">The stack.</param>
/// <param name="run">What happened to it.</param>
internal sealed class ChaosCheck(Stack stack, ChaosRun run)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async Task RunAsync()
    {
        RecordingStore store = stack.Store();
        List<Recording> rows = await store.ListAsync(ChaosRun.Days, Stop).ToListAsync(Stop);
        foreach ((string name, string hash) in run.Uploads)
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
        // Whoever dies between ending a recording and saying so here leaves that to a sweep of six hours later.
        HashSet<RecordingId> unfinished = await store.Open.UnfinishedAsync(TimeProvider.System.GetUtcNow().AddYears(1), Stop)
            .ToHashSetAsync(cancellationToken: Stop);
        Assert.Subset(rows.Select(row => row.Id).ToHashSet(), unfinished); // all of which have ended
        Assert.InRange(unfinished.Count, 0, 1 + (run.Kills / 50));
        foreach (string queue in StorageNames.StorageQueues)
            Assert.Empty(await stack.MessagesAsync(queue));
        (await stack.RunAsync("lake", "compact")).Succeeded();
        // Row by row against rows and journal. A part that an emulator took with it when it was killed is named, and made again by rebuild.
        if ((await stack.RunAsync("lake", "verify")).ExitCode != 0)
        {
            (await stack.RunAsync("lake", "rebuild")).Succeeded();
            (await stack.RunAsync("lake", "verify")).Succeeded();
        }

        await ForgottenAsync(isFinal: false);
    }

    /// <summary>Of what was forgotten tombstones are left, and a chain of proofs.</summary>
    /// <param name="isFinal">Whether it has been looked for the last time, so that no note leads to it any more.</param>
    public async Task ForgottenAsync(bool isFinal)
    {
        StorageAccount account = await StorageAccount.ConnectAsync(stack.StackFile()!.ConnectionString);
        RecordingId[] tombstones = await Search.TombstonesAsync(account);
        Assert.True(tombstones.Length >= run.Forgotten.Count, $"{tombstones.Length} tombstones of {run.Forgotten.Count}");
        bool isWatched = await Search.AssertForgottenAsync(
            account, tombstones, [.. run.Forgotten, .. run.ForgottenContents, .. run.Podcasts.Forgotten]);
        Assert.False(isWatched && isFinal);
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
        if (row.SegmentStore == SegmentStore.Table)
            StoredRows.AssertSame(segments, await Stack.SegmentsAsync(store, row with { SegmentStore = null })); // by the table alone
        string[] written = await stack.Container(StorageNames.Results).GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{row.Id}/", Stop)
            .Select(blob => blob.Name).ToArrayAsync(Stop);
        Assert.Contains(ResultBlobs.ReceiptName(row.Id), written);
        using var receipt = JsonDocument.Parse(
            (await stack.Container(StorageNames.Results).GetBlobClient(ResultBlobs.ReceiptName(row.Id)).DownloadContentAsync(Stop)).Value.Content);
        Assert.Equal(
            ($"{row.Id}", row.BlobName, row.Sha256, $"{row.Status}", row.DominantEmotion),
            (Text("recordingId"), Text("blobName"), Text("sha256"), Text("status"), Text("dominantEmotion")));
        Assert.Equal(
            (row.Generation, row.ExpectedChunks, row.SegmentCount, row.SpeechSegmentCount),
            (Number("generation"), Number("chunks"), Number("segments"), Number("speechSegments")));

        string? Text(string name) => receipt.RootElement.GetProperty(name).GetString();
        int Number(string name) => receipt.RootElement.GetProperty(name).GetInt32();
    }
}
