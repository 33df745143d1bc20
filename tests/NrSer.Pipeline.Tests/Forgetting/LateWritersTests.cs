using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Forgetting;

/// <summary>Whoever looked before the tombstone writes after the deletion: the forgetting comes between its looking and its writing.</summary>
public sealed class LateWritersTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // The manifest is the first thing that the stage writes, its chunk's row the last; then that of the next stages.
    [Theory]
    [InlineData(StorageNames.ChunksQueue, "PUT", StorageNames.Enhanced)]
    [InlineData(StorageNames.ChunksQueue, "PATCH", StorageNames.ChunksTable)]
    [InlineData(StorageNames.EmotionsQueue, "PUT", StorageNames.Results)]
    [InlineData(StorageNames.EmotionsQueue, "PATCH", StorageNames.ChunksTable)]
    [InlineData(StorageNames.EmotionsQueue, "PUT", $"{StorageNames.Results}/segments/")] // completion
    [InlineData(StorageNames.EmotionsQueue, "PATCH", StorageNames.RecordingsTable)]
    public async Task RunAsync_ForgottenBeforeAStageWrites_TakesBackWhatItWrites(string stage, string method, string path)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        WorkMessage[] messages = await pipeline.TakeAsync(StorageNames.ChunksQueue);
        if (stage == StorageNames.EmotionsQueue)
        {
            foreach (WorkMessage message in messages)
                await pipeline.RunAsync(message);
            messages = await pipeline.TakeAsync(stage);
        }

        foreach (WorkMessage message in messages[..^1])
            await pipeline.RunAsync(message);
        await pipeline.TakeAsync(StorageNames.EmotionsQueue); // what was sent finds the tombstone: another test
        using var forgetting = new BeforeRequest(
            pipeline.Account, (verb, target) => verb.Method == method && target.StartsWith(path, StringComparison.Ordinal),
            async () => await ForgetRecordingsTests.ForgetAsync(pipeline, await pipeline.Get<ForgetTargets>().FindAsync([id.Value], [], Stop)));

        await pipeline.RunAsync(messages[^1]);

        Assert.True(forgetting.IsDone);
        Assert.Null(forgetting.Error);
        await ForgetRecordingsTests.AssertGoneAsync(pipeline, id, [id.Value, "an interview"], isWatched: true);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.EmotionsQueue));
    }

    // Event Grid tells of the first two before there is a row; the others were announced, and have one.
    [Theory]
    [InlineData(false, "POST", $"{StorageNames.UploadsTable}?")]
    [InlineData(false, "PUT", $"{StorageNames.Chunks}/")]
    [InlineData(true, "PUT", $"{StorageNames.UploadsTable}(")]
    [InlineData(true, "PATCH", $"{StorageNames.RecordingsTable}(")]
    [InlineData(true, "PATCH", $"{StorageNames.ChunksTable}(")]
    [InlineData(true, "POST", $"{StorageNames.ChunksQueue}/messages")]
    public async Task Ingest_ForgottenBeforeItWrites_TakesBackWhatItWrites(bool isAnnounced, string method, string path)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent told) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        WorkMessage message = told.ToMessage(id);
        if (isAnnounced)
        {
            await pipeline.Uploads.AnnounceAsync(await pipeline.ListedUploadAsync(), Stop);
            message = Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue));
        }

        using var forgetting = new BeforeRequest(
            pipeline.Account, (verb, target) => verb.Method == method && target.StartsWith(path, StringComparison.Ordinal),
            async () => await ForgetRecordingsTests.ForgetAsync(
                pipeline, await pipeline.Get<ForgetTargets>().FindAsync([told.BlobName], [], Stop)));

        await pipeline.Ingest.RunAsync(message, Stop);

        Assert.True(forgetting.IsDone);
        Assert.Null(forgetting.Error);
        await pipeline.DrainAsync(); // what was sent finds the tombstone
        await ForgetRecordingsTests.AssertGoneAsync(pipeline, id, [id.Value, "an interview"], isWatched: true);
    }

    // Forgotten after the list; and between the row of the name, which was the only look, and the message.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnnounceAsync_ForgottenAfterItWasListed_SendsNothing(bool isAtWork)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, _) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        Upload listed = await pipeline.ListedUploadAsync();
        using var forgetting = new BeforeRequest(
            pipeline.Account, (verb, target) => isAtWork && verb == HttpMethod.Get && target.StartsWith(
                $"{StorageNames.RecordingsTable}(", StringComparison.Ordinal), ForgetAsync);
        if (!isAtWork)
            await ForgetAsync();

        Assert.False(await pipeline.Uploads.AnnounceAsync(listed, Stop));

        Assert.Equal(isAtWork, forgetting.IsDone);
        Assert.Null(forgetting.Error);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));
        await ForgetRecordingsTests.AssertGoneAsync(pipeline, id, [id.Value, "an interview"], isWatched: true);

        async Task ForgetAsync() => await ForgetRecordingsTests.ForgetAsync(
            pipeline, await pipeline.Get<ForgetTargets>().FindAsync([listed.BlobName], [], Stop));
    }

    // Its ETag was another when it was listed than when it was taken in: no tombstone is of that, and its row would have the name.
    [Fact]
    public async Task AnnounceAsync_TouchedAndForgottenAfterItWasListed_IsForgottenToo()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.DrainAsync();
        string name = (await pipeline.ListedUploadAsync()).BlobName;
        await pipeline.Upload(name).SetMetadataAsync(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["touched"] = "1" }, cancellationToken: Stop);
        Upload listed = await pipeline.ListedUploadAsync();
        await ForgetRecordingsTests.ForgetAsync(pipeline, await pipeline.Get<ForgetTargets>().FindAsync([id.Value], [], Stop));

        await pipeline.Uploads.AnnounceAsync(listed, Stop);
        await pipeline.DrainAsync();
        await pipeline.Get<ForgetRecordings>().RunAsync(Stop);

        Assert.NotEqual(id, listed.Id);
        Assert.True(await Search.AssertForgottenAsync(pipeline.Account, [id, listed.Id], ["an interview"]));
    }

    // What somebody puts under the name anew is another's: it is withdrawn when it goes, and taken in when it is there again.
    [Fact]
    public async Task Ingest_UnderAForgottenName_OfSomethingNew_IsWithdrawnAndTakenInAsEver()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.DrainAsync();
        string name = (await pipeline.ListedUploadAsync()).BlobName;
        await ForgetRecordingsTests.ForgetAsync(pipeline, await pipeline.Get<ForgetTargets>().FindAsync([id.Value], [], Stop));
        await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System, Stop); // the emulator's clock knows whole seconds
        await pipeline.Upload(name).UploadAsync(BinaryData.FromBytes(await Recordings.SilenceAsync()), Stop);
        Upload announced = await pipeline.ListedUploadAsync();
        await pipeline.Uploads.AnnounceAsync(announced, Stop);
        WorkMessage message = Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue));
        await pipeline.Upload(name).DeleteAsync(cancellationToken: Stop);
        await pipeline.RunAsync(message);
        Assert.Equal(RecordingStatus.Withdrawn, (await pipeline.Account.Store.FindAsync(announced.Id, Stop))!.Status);

        await pipeline.Upload(name).UploadAsync(BinaryData.FromBytes(await Recordings.SpeechAsync()), Stop);
        await pipeline.Uploads.AnnounceAsync(await pipeline.ListedUploadAsync(), Stop);
        await pipeline.RunAsync(Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue)));
        await pipeline.DrainAsync();
        await pipeline.Get<ForgetRecordings>().RunAsync(Stop);

        Assert.True(await pipeline.Upload(name).ExistsAsync(Stop));
        Assert.Contains(
            await pipeline.Account.Store.ListAsync(new RecordingFilter(DateOnly.MinValue, DateOnly.MaxValue), Stop).ToListAsync(Stop),
            recording => recording.BlobName == name && recording.Status == RecordingStatus.Completed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CompactAsync_ForgottenBeforeThePartOfItsSegmentsIsWritten_TakesItsRowsBack(bool isRebuilt)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.DrainAsync();
        Recording kept = GeneratedResults.Recording(1, DateOnly.FromDateTime(pipeline.Time.GetUtcNow().UtcDateTime), segments: 3);
        await GeneratedResults.StoreAsync(pipeline.Account, kept, Stop);
        if (isRebuilt)
            await pipeline.Get<LakeCompactor>().CompactAsync(Stop);
        ForgetPlan plan = await pipeline.Get<ForgetTargets>().FindAsync([id.Value], [], Stop);
        using var forgetting = new BeforeRequest(
            pipeline.Account,
            (verb, target) => verb == HttpMethod.Put
                && target.StartsWith($"{StorageNames.Results}/{LakePart.Root}segments/", StringComparison.Ordinal),
            () => pipeline.Get<ForgetRequests>().RequestAsync(plan.Requests, Stop)); // the rest would wait for the compactor, which waits here

        if (isRebuilt)
            await pipeline.Get<LakeRebuild>().RunAsync(month: null, Stop);
        else
            await pipeline.Get<LakeCompactor>().CompactAsync(Stop);

        Assert.True(forgetting.IsDone);
        Assert.Null(forgetting.Error);
        Assert.Equal([kept.Id.Value], await Search.InLakeAsync(pipeline.Account)); // by itself: nobody has deleted anything yet
        await pipeline.Get<ForgetRecordings>().RunAsync(Stop);
        await ForgetRecordingsTests.AssertGoneAsync(pipeline, id, [id.Value, "an interview"], isWatched: true);
    }
}
