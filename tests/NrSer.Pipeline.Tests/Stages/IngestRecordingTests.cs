using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class IngestRecordingTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_Wave_StoresEverySampleOnce()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        byte[] content = await Recordings.ThreeChunksAsync();
        RecordingId id = await pipeline.IngestAsync(content);

        Recording row = await pipeline.RowAsync(id);
        Assert.Equal(
            (RecordingStatus.Processing, 0, 20.0, 16000, 1, 3),
            (row.Status, row.Generation, row.DurationSeconds, row.SampleRateHz, row.Channels, row.ExpectedChunks));
        Assert.Equal((Convert.ToHexStringLower(SHA256.HashData(content)), (long)content.Length), (row.Sha256, row.ContentBytes));
        Assert.Equal(("2026/an interview.wav", pipeline.Time.GetUtcNow()), (row.BlobName, row.StartedAt));

        Chunk[] chunks = await pipeline.ChunkRowsAsync(id);
        Assert.Equal([0, 1, 2], chunks.Select(chunk => chunk.Id.Index));
        ILookup<bool, (string Name, string Content)> kinds = (await pipeline.Account.BlobsAsync(StorageNames.Chunks))
            .ToLookup(blob => blob.Name.EndsWith(".wav", StringComparison.Ordinal));
        (string Name, string Content)[] blobs = [.. kinds[true]];
        Assert.Equal(chunks.Select(chunk => $"{id}/{chunk.Id.Key}.wav"), blobs.Select(blob => blob.Name));
        Assert.Equal(chunks.Select(chunk => $"{id}/{chunk.Id.Key}.dat"), kinds[false].Select(blob => blob.Name)); // their peaks
        var samples = new List<float>();
        foreach ((Chunk chunk, (_, string stored)) in chunks.Zip(blobs))
        {
            Assert.Equal((samples.Count, true), (chunk.StartSample, chunk.Samples is > 0 and <= 160_000));
            samples.AddRange(await Recordings.SamplesAsync(Convert.FromBase64String(stored)));
        }

        Assert.Equal(await Recordings.SamplesAsync(content), samples);
        Assert.Equal([0, 1, 2], (await pipeline.TakeAsync(StorageNames.ChunksQueue)).Select(message => message.AsEnhanceChunk().Index).Order());
    }

    [Theory]
    [InlineData("recordedAt", "2020-04-01T09:00:00+02:00", "declaredSeconds", "4", true, "https://show.example/1?t=2")]
    [InlineData("RECORDEDAT", "2020-04-01T07:00:00Z", "declaredseconds", "3.1", false, "http://name:password@show.example/1")]
    [InlineData("recordedAt", "yesterday", "declaredSeconds", "long", null, "javascript:alert(1)")]
    public async Task RunAsync_UploadThatSaysWhenItWasRecorded_HasItInItsRows(
        string timeName, string time, string lengthName, string length, bool? differs, string listen)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SilenceAsync());
        await pipeline.Account.Blobs.Container(StorageNames.Recordings).GetBlobClient(upload.BlobName).SetMetadataAsync(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [timeName] = time, [lengthName] = length, ["listenUrl"] = listen, ["Tags"] = "Gr%C3%B6%C3%9Fe; radio,Radio,100%",
            }, cancellationToken: Stop);

        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        await pipeline.Enhance.RunAsync((await pipeline.TakeAsync(StorageNames.ChunksQueue)).Single(), Stop);

        Recording row = (await pipeline.Store.FindByNameAsync(upload.BlobName, DateOnly.MinValue, DateOnly.MaxValue, Stop))!;
        DateTimeOffset? expected = differs is null ? null : new DateTimeOffset(2020, 4, 1, 7, 0, 0, TimeSpan.Zero);
        Assert.Equal((expected, differs, "Größe, radio, 100%"), (row.RecordedAt, row.LengthDiffers, row.Tags));
        Assert.Equal(differs == true ? listen : null, row.ListenUrl);
        Assert.All(await pipeline.Store.SegmentsAsync(row, Stop).ToListAsync(Stop), segment => Assert.Equal(expected, segment.RecordedAt));
    }

    [Fact]
    public async Task RunAsync_SeparateChannels_ChunksEachForItself()
    {
        await using PipelineUnderTest pipeline =
            await PipelineUnderTest.CreateAsync(emulator, KeyValuePair.Create("NrSer:Ingest:Channels", (string?)"Separate"));
        RecordingId id = await pipeline.IngestAsync(Recordings.Aiff(2, 12));
        Assert.Equal(["00-00000", "00-00001", "01-00000", "01-00001"], (await pipeline.ChunkRowsAsync(id)).Select(chunk => chunk.Id.Key));
        Assert.Equal((4, 2), ((await pipeline.RowAsync(id)).ExpectedChunks, (await pipeline.RowAsync(id)).Channels));
    }

    [Theory]
    [InlineData("separate", 2)]
    [InlineData("both", 0)]
    public async Task RunAsync_ChannelsInTheUploadsMetadata_BeatTheSetting(string channels, int expectedChunks)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await pipeline.UploadAsync(Recordings.Aiff(2, 2));
        await pipeline.Upload("2026/an interview.wav").SetMetadataAsync(
            new Dictionary<string, string> { [UploadWishes.ChannelsName] = channels }, cancellationToken: Stop);
        Upload upload = await pipeline.ListedUploadAsync();
        await pipeline.Uploads.AnnounceAsync(upload, Stop);
        await pipeline.Ingest.RunAsync(Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue)), Stop);
        Recording row = await pipeline.RowAsync(upload.Id);
        if (expectedChunks > 0)
            Assert.Equal((expectedChunks, Core.Audio.ChannelMode.Separate), (row.ExpectedChunks, row.ChannelMode));
        else
            Assert.Equal((RecordingStatus.Rejected, true), (row.Status, row.Reason!.Contains("Mix or Separate", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1_000_000)] // more than any buffer on the way holds
    public async Task RunAsync_BytesBehindTheAudio_HashesThemToo(int bytes)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        // our own reader, and ffmpeg, which stops reading early
        foreach (byte[] audio in new[] { await Recordings.SilenceAsync(), Recordings.Aiff(1, 2) })
        {
            byte[] content = [.. audio, .. new byte[bytes]];
            RecordingId id = await pipeline.IngestAsync(content);
            Recording row = await pipeline.RowAsync(id);
            Assert.Equal((RecordingStatus.Processing, Convert.ToHexStringLower(SHA256.HashData(content))), (row.Status, row.Sha256));
        }
    }

    [Theory]
    [InlineData("<html>", "a web page")]
    [InlineData("", "empty")]
    [InlineData("RIFF\u0004\0\0\0WAVE", "")]
    public async Task RunAsync_NoRecording_IsRejectedWithItsReason(string content, string reason)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(Encoding.ASCII.GetBytes(content));
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Rejected, pipeline.Time.GetUtcNow()), (row.Status, row.CompletedAt));
        Assert.NotEmpty(row.Reason!);
        Assert.Contains(reason, row.Reason, StringComparison.Ordinal);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.ChunksQueue));
    }

    [Theory]
    [InlineData(1, "SEGV", RecordingStatus.Processing)]
    [InlineData(1, "KILL", RecordingStatus.Processing)]
    [InlineData(2, "SEGV", RecordingStatus.Rejected)]
    public async Task RunAsync_FfmpegEndedByASignal_IsTriedOnceMoreAndThenRejected(int crashes, string signal, RecordingStatus expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are numbered otherwise elsewhere.");
        string folder = Directory.CreateTempSubdirectory("nrser-tests-").FullName;
        string runs = Path.Combine(folder, "runs"), ffmpeg = Path.Combine(folder, "ffmpeg");
        await ShellScript.WriteAsync(
            ffmpeg, $"echo >> {runs}\n[ $(wc -l < {runs}) -gt {crashes} ] || kill -{signal} $$\nexec ffmpeg \"$@\"");
        await using PipelineUnderTest first = await PipelineUnderTest.CreateAsync(emulator);
        await using PipelineUnderTest pipeline = first.WithSettings(
            KeyValuePair.Create("NrSer:Audio:FfmpegPath", (string?)ffmpeg), KeyValuePair.Create("NrSer:Audio:FfmpegSandbox", (string?)"Off"));
        RecordingId id = await pipeline.IngestAsync(Recordings.Aiff(1, 2));

        Recording row = await pipeline.RowAsync(id);
        Assert.Equal(expected, row.Status);
        Assert.Equal(2, (await File.ReadAllLinesAsync(runs, Stop)).Length);
        if (expected == RecordingStatus.Rejected)
            Assert.Contains($"SIG{signal}", row.Reason, StringComparison.Ordinal);
        Assert.True(await pipeline.Upload(row.BlobName!).ExistsAsync(Stop));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task RunAsync_CutOff_IsRejectedAndWhatWasMadeOfItTakenBack()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync((await Recordings.ThreeChunksAsync())[..^100_000]);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal(RecordingStatus.Rejected, row.Status);
        Assert.NotEmpty(row.Reason!);
        Assert.Null(row.ExpectedChunks);
        Assert.Single(await pipeline.SnapshotAsync()); // its row alone
        WorkMessage[] announced = await pipeline.TakeAsync(StorageNames.ChunksQueue);
        Assert.Equal([0, 1], announced.Select(message => message.AsEnhanceChunk().Index).Order()); // sent on before the end was seen
        foreach (WorkMessage message in announced)
            await pipeline.Enhance.RunAsync(message, Stop);
        Assert.Single(await pipeline.SnapshotAsync());
        Assert.Empty(await pipeline.TakeAsync(StorageNames.EmotionsQueue));
    }

    [Fact]
    public async Task RunAsync_SettingsChangedSince_CutsAsBefore()
    {
        byte[] content = await Recordings.ThreeChunksAsync();
        await using PipelineUnderTest first = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await first.UploadAsync(content);
        await first.Ingest.RunAsync(upload.ToMessage(id), Stop);
        string[] before = await first.SnapshotAsync();

        await using PipelineUnderTest second = first.WithSettings(KeyValuePair.Create("NrSer:Segmentation:MaxChunk", (string?)"00:00:15"));
        await second.Ingest.RunAsync(upload.ToMessage(id), Stop);
        Assert.Equal(before.Length, (await first.SnapshotAsync()).Length);
        Assert.Equal(3, (await first.RowAsync(id)).ExpectedChunks);

        (RecordingId otherId, BlobCreatedEvent other) = await second.UploadAsync(content, "another.wav");
        await second.Ingest.RunAsync(other.ToMessage(otherId), Stop);
        Assert.Equal(2, (await second.RowAsync(otherId)).ExpectedChunks); // the setting counts where nothing was cut yet
    }

    [Fact]
    public async Task RunAsync_TooManySeparateChannels_IsRejectedAndLeavesNoProcess()
    {
        await using PipelineUnderTest pipeline =
            await PipelineUnderTest.CreateAsync(emulator, KeyValuePair.Create("NrSer:Ingest:Channels", (string?)"Separate"));
        RecordingId id = await pipeline.IngestAsync(Recordings.Aiff(9, 5));
        Assert.Equal(RecordingStatus.Rejected, (await pipeline.RowAsync(id)).Status);
        Assert.Empty(OwnFfmpegs()); // tests of one class run one after the other
    }

    [Fact]
    public async Task RunAsync_DeletedUpload_DoesNothing()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        await pipeline.Upload(upload.BlobName).DeleteAsync(cancellationToken: Stop);
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        Assert.Empty(await pipeline.SnapshotAsync());
    }

    [Fact]
    public async Task RunAsync_AgainAfterDying_WritesOnlyWhatIsMissing()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.ThreeChunksAsync());
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        string[] before = await pipeline.SnapshotAsync();
        Dictionary<string, string> written = await VersionsAsync(pipeline);
        await pipeline.Account.Blobs.Container(StorageNames.Chunks).DeleteBlobAsync($"{id}/00-00001.wav", cancellationToken: Stop);
        await pipeline.MergeAsync(new TableEntity(id.Day, id.Value) { ["IngestedGeneration"] = -1 }); // it never got that far

        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        Assert.Equal(before, await pipeline.SnapshotAsync());
        Dictionary<string, string> now = await VersionsAsync(pipeline);
        Assert.Equal([$"{id}/00-00001.dat", $"{id}/00-00001.wav"], now.Where(blob => written[blob.Key] != blob.Value).Select(blob => blob.Key));
    }

    [Fact]
    public async Task RunAsync_ACopyAfterItWasDone_SendsNothingAgain()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.ThreeChunksAsync());
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        string[] before = await pipeline.SnapshotAsync();
        Assert.Equal(3, (await pipeline.TakeAsync(StorageNames.ChunksQueue)).Length);

        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.ChunksQueue));
        Assert.Equal(before, await pipeline.SnapshotAsync());
    }

    [Fact]
    public async Task RunAsync_NoEvent_Throws()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await Assert.ThrowsAsync<InvalidMessageException>(() => pipeline.Ingest.RunAsync(new WorkMessage("x", "{}", null), Stop));
    }

    private static async Task<Dictionary<string, string>> VersionsAsync(PipelineUnderTest pipeline)
    {
        var versions = new Dictionary<string, string>(StringComparer.Ordinal);
        await foreach (
            Azure.Storage.Blobs.Models.BlobItem blob in pipeline.Account.Blobs.Container(StorageNames.Chunks).GetBlobsAsync(cancellationToken: Stop))
            versions.Add(blob.Name, blob.Properties.ETag!.Value.ToString());
        return versions;
    }

    private static int[] OwnFfmpegs()
    {
        if (!OperatingSystem.IsLinux())
            return [];
        return [.. Process.GetProcessesByName("ffmpeg").Select(process => process.Id).Where(id =>
        {
            try
            {
                // pid (name) state parent …
                return File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].Split(' ')[1] == $"{Environment.ProcessId}";
            }
            catch (IOException)
            {
                return false; // it has ended, and was another test project's
            }
        })];
    }
}
