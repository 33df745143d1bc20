using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests;

public sealed class ServiceCollectionExtensionsTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // All hosted services together: an upload becomes a row, and so does what nobody can read.
    [Fact]
    public async Task AddNrSerLocalHost_Uploads_EndAsRows()
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(PipelineUnderTest.SettingsOf(account));
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("NrSer:Queues:RetryDelay", (string?)"00:00:00"),
            KeyValuePair.Create("NrSer:Audio:FfmpegPath", (string?)"/nowhere/ffmpeg")]);
        builder.Services.AddNrSerPipeline().AddNrSerStorageQueues().AddNrSerLocalHost();
        using IHost host = builder.Build();
        BlobContainerClient container = account.Blobs.Container(StorageNames.Recordings);
        await container.UploadBlobAsync("good.wav", BinaryData.FromBytes(await Recordings.SpeechAsync()), Stop);
        await container.UploadBlobAsync("text.wav", BinaryData.FromString("Dear diary"), Stop);
        await container.UploadBlobAsync("needs ffmpeg.aiff", BinaryData.FromBytes(Recordings.Aiff(1, 1)), Stop);
        await host.StartAsync(Stop);
        var statuses = new SortedDictionary<string, RecordingStatus>(StringComparer.Ordinal);
        await Polling.UntilAsync(async () =>
        {
            DateOnly today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
            await foreach (Recording row in account.Store.ListAsync(new RecordingFilter(today.AddDays(-1), today), Stop))
                statuses[row.BlobName!] = row.Status;
            return statuses.Count == 3 && !statuses.ContainsValue(RecordingStatus.Processing) && !statuses.ContainsValue(RecordingStatus.Queued);
        });
        await host.StopAsync(Stop);
        Assert.Equal([RecordingStatus.Completed, RecordingStatus.Failed, RecordingStatus.Rejected], statuses.Values);
    }
}
