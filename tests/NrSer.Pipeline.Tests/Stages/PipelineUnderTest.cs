using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NrSer.Core.Models;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

/// <summary>The pipeline's stages on a storage account of their own, with the real models, run by hand. The clock stands still.</summary>
internal sealed class PipelineUnderTest : IAsyncDisposable
{
    private static readonly Lazy<ModelSet> s_models = new(
        () => new ModelSet(Options.Create(new ModelOptions()), NullLogger<ModelSet>.Instance)); // shared: loading takes longer than most tests

    private readonly ServiceProvider _services;

    private readonly KeyValuePair<string, string?>[] _settings;

    private PipelineUnderTest(StorageAccount account, ServiceProvider services, KeyValuePair<string, string?>[] settings)
    {
        Account = account;
        _settings = settings;
        _services = services;
    }

    public StorageAccount Account { get; }

    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow()); // the emulator's clock cannot be set

    public RecordingStore Store => _services.GetRequiredService<RecordingStore>();

    public UploadStore Uploads => _services.GetRequiredService<UploadStore>();

    public UploadListing Listing => _services.GetRequiredService<UploadListing>();

    public UploadIndex Index => _services.GetRequiredService<UploadIndex>();

    public ChunkBlobs Chunks => _services.GetRequiredService<ChunkBlobs>();

    public IngestRecording Ingest => _services.GetRequiredService<IngestRecording>();

    public EnhanceChunk Enhance => _services.GetRequiredService<EnhanceChunk>();

    public RecognizeEmotion Recognize => _services.GetRequiredService<RecognizeEmotion>();

    public CompleteRecording Complete => _services.GetRequiredService<CompleteRecording>();

    public RejectRecording Rejection => _services.GetRequiredService<RejectRecording>();

    public RecordFailure Failure => _services.GetRequiredService<RecordFailure>();

    public Sweep Sweep => _services.GetRequiredService<Sweep>();

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<PipelineUnderTest> CreateAsync(StorageEmulator emulator, params IEnumerable<KeyValuePair<string, string?>> settings)
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        return Create(account, settings, _ => { });
    }

    /// <summary>A process on a storage that somebody else has.</summary>
    public static PipelineUnderTest On(StorageAccount account) => Create(account, [], _ => { });

    /// <summary>Another process on the same storage.</summary>
    public PipelineUnderTest WithSettings(params IEnumerable<KeyValuePair<string, string?>> settings) => Create(Account, settings, _ => { });

    /// <summary>Another process on the same storage, whose clock is told.</summary>
    public PipelineUnderTest WithClock(TimeProvider time) => Create(Account, _settings, services => services.AddSingleton(time));

    /// <summary>Another process on the same storage, with models of its own.</summary>
    public PipelineUnderTest WithModels(ModelSet models) => Create(Account, _settings, services => services.AddSingleton(models));

    /// <summary>Another process on the same storage, one of whose queues is told.</summary>
    public PipelineUnderTest WithQueue(string name, Func<IWorkQueue, IWorkQueue> queue) =>
        Create(Account, _settings, services => services.AddKeyedSingleton(name, queue(Queue(name))));

    /// <summary>A process with every stage on the same storage, which it reaches by another way. Its clock goes.</summary>
    public PipelineUnderTest Hosted(string connectionString) => Create(
        Account, [.. _settings, new("NrSer:Storage:ConnectionString", connectionString)],
        services => services.AddSingleton(TimeProvider.System).AddNrSerLocalHost());

    private static PipelineUnderTest Create(StorageAccount account, IEnumerable<KeyValuePair<string, string?>> settings,
        Action<IServiceCollection> change)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(
            new ConfigurationBuilder().AddInMemoryCollection(SettingsOf(account)).AddInMemoryCollection(settings).Build());
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.None));
        services.AddNrSerPipeline().AddNrSerStorageQueues();
        services.AddSingleton(s_models.Value);
        PipelineUnderTest? pipeline = null;
        services.AddSingleton<TimeProvider>(_ => pipeline!.Time);
        change(services);
        pipeline = new PipelineUnderTest(account, services.BuildServiceProvider(), [.. settings]);
        return pipeline;
    }

    /// <summary>Points the pipeline at an account; chunks as short as they may be.</summary>
    public static Dictionary<string, string?> SettingsOf(StorageAccount account) => new(StringComparer.Ordinal)
    {
        ["NrSer:Storage:ConnectionString"] = account.ConnectionString,
        ["NrSer:Segmentation:MaxChunk"] = "00:00:10",
        ["NrSer:Queues:LockDuration"] = "00:05:00",
    };

    public IWorkQueue Queue(string name) => _services.GetRequiredKeyedService<IWorkQueue>(name);

    public BlobClient Upload(string blobName) => Account.Blobs.Container(StorageNames.Recordings).GetBlobClient(blobName);

    /// <summary>Uploads a recording.</summary>
    /// <returns>Its id and event, as Event Grid would have them.</returns>
    public async Task<(RecordingId Id, BlobCreatedEvent Event)> UploadAsync(byte[] content, string blobName = "2026/an interview.wav")
    {
        await Upload(blobName).UploadAsync(BinaryData.FromBytes(content), overwrite: true, Stop);
        BlobProperties properties = await Upload(blobName).GetPropertiesAsync(cancellationToken: Stop);
        string etag = properties.ETag.ToString().Trim('"');
        return (RecordingId.Of(properties.CreatedOn, StorageNames.Recordings, blobName, etag),
            new BlobCreatedEvent(StorageNames.Recordings, blobName, etag, 0));
    }

    /// <summary>The one upload there is, as it stands.</summary>
    public async Task<Upload> ListedUploadAsync() => await Listing.ListAsync(Stop).SingleAsync(Stop);

    /// <summary>Uploads a recording and takes it in.</summary>
    public async Task<RecordingId> IngestAsync(byte[] content)
    {
        (RecordingId id, BlobCreatedEvent upload) = await UploadAsync(content);
        await Ingest.RunAsync(upload.ToMessage(id), Stop);
        return id;
    }

    /// <summary>Takes all messages out of a queue.</summary>
    public async Task<WorkMessage[]> TakeAsync(string queue)
    {
        IReadOnlyList<WorkDelivery> deliveries = await Queue(queue).ReceiveAsync(32, Stop);
        foreach (WorkDelivery delivery in deliveries)
            await delivery.CompleteAsync(Stop);
        return [.. deliveries.Select(delivery => delivery.Message)];
    }

    /// <summary>Runs the stages until their queues are empty.</summary>
    /// <param name="copies">How often each message is handled, all at once.</param>
    /// <returns>The messages handled.</returns>
    public async Task<WorkMessage[]> DrainAsync(int copies = 1)
    {
        var handled = new List<WorkMessage>();
        while (true)
        {
            var taken = new List<WorkMessage>();
            foreach (string queue in StorageNames.LaneQueues)
                taken.AddRange(await TakeAsync(queue));
            if (taken.Count == 0)
                return [.. handled];
            foreach (WorkMessage message in taken)
                await Task.WhenAll(Enumerable.Range(0, copies).Select(_ => Task.Run(() => RunAsync(message), Stop)));
            handled.AddRange(taken);
        }
    }

    /// <summary>Runs the stage that a message is for.</summary>
    public Task RunAsync(WorkMessage message) => message.MessageId.Split('/')[^1] switch
    {
        "ingest" => Ingest.RunAsync(message, Stop),
        "enhance" => Enhance.RunAsync(message, Stop),
        _ => Recognize.RunAsync(message, Stop),
    };

    public async Task<Recording> RowAsync(RecordingId id) => (await Store.FindAsync(id, Stop))!;

    /// <summary>Changes the recordings' table behind the stages' backs.</summary>
    public Task MergeAsync(Azure.Data.Tables.TableEntity columns) =>
        Account.Tables.Recordings.UpsertEntityAsync(columns, Azure.Data.Tables.TableUpdateMode.Merge, Stop);

    public async Task<Chunk[]> ChunkRowsAsync(RecordingId id) => await Store.ChunksAsync(id, Stop).ToArrayAsync(Stop);

    public async Task<Segment[]> SegmentsAsync(RecordingId id) => await Store.TableSegmentsAsync(id, Stop).ToArrayAsync(Stop);

    /// <summary>Everything that was made of recordings, and their rows.</summary>
    public async Task<string[]> SnapshotAsync()
    {
        string[] notes = [StorageNames.UploadsTable, StorageNames.OpenWorkTable, StorageNames.LakePendingTable];
        var lines = new List<string>((await Account.RowsAsync()).Where(row =>
            !notes.Any(table => row.StartsWith($"{table}:", StringComparison.Ordinal))));
        foreach (string container in StorageNames.Containers.Skip(1))
            lines.AddRange((await Account.BlobsAsync(container)).Select(blob => $"{container}/{blob.Name}: {blob.Content}"));
        return [.. lines];
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
