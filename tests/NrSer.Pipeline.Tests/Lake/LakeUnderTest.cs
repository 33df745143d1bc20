using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Lake;

/// <summary>A lake on a storage account of its own.</summary>
internal sealed class LakeUnderTest
{
    public static readonly DateOnly March = new(2026, 3, 30);

    private LakeUnderTest(StorageAccount account, LakeOptions options)
    {
        Account = account;
        Markers = new LakeMarkers(account.Tables);
        Blobs = new LakeBlobs(account.Blobs);
        Podcasts = new PodcastStore(account.Tables);
        Documents = new LakeDocuments(Blobs, Podcasts, Time);
        var retention = new LakeRetention(new RetentionState(account.Tables), Podcasts, Time);
        IOptions<LakeOptions> wrapped = Options.Create(options);
        var parts = new LakeParts(Blobs, Podcasts, wrapped);
        var turn = new LakeTurn(parts, Documents, new BlobLease(account.Blobs, TimeProvider.System, NullLogger<BlobLease>.Instance));
        var source = new LakeSource(account.Store, new ForgottenStore(account.Tables));
        Compactor = new LakeCompactor(turn, Markers, source, wrapped, Time, NullLogger<LakeCompactor>.Instance);
        Rebuild = new LakeRebuild(turn, Blobs, source, Markers, retention, Compactor);
        Erasure = new LakeErasure(turn, Blobs, parts, Documents, Time);
        Verifier = new LakeVerifier(Blobs, parts, account.Store, Documents, Markers, retention);
    }

    public StorageAccount Account { get; }

    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow()); // marks have the emulator's time

    public LakeMarkers Markers { get; }

    public PodcastStore Podcasts { get; }

    public LakeBlobs Blobs { get; }

    public LakeDocuments Documents { get; }

    public LakeCompactor Compactor { get; }

    public LakeRebuild Rebuild { get; }

    public LakeErasure Erasure { get; }

    public LakeVerifier Verifier { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<LakeUnderTest> CreateAsync(StorageEmulator emulator, LakeOptions? options = null) =>
        new(await StorageAccount.CreateAsync(emulator), options ?? new LakeOptions());

    /// <summary>Stores recordings that have ended.</summary>
    public async Task<Recording[]> EndAsync(int from, int count, int segments = 10, DateOnly? day = null)
    {
        Recording[] recordings =
            [.. Enumerable.Range(from, count).Select(number => GeneratedResults.Recording(number, (day ?? March).AddDays(number % 4), segments))];
        foreach (Recording recording in recordings)
            await GeneratedResults.StoreAsync(Account, recording, Stop);
        return recordings;
    }

    public async Task<LakePart[]> PartsAsync(LakeTable table) =>
        [.. (await Blobs.ListAsync(month: null, Stop).ToArrayAsync(Stop)).Where(part => part.Table == table.Name)];

    public async Task<string[]> DifferencesAsync() =>
        await Verifier.RunAsync(month: null, Stop).Select(difference => $"{difference.RecordingId} {difference.What}".TrimStart()).ToArrayAsync(Stop);

    public ValueTask<int> WaitingAsync() => Markers.ListAsync(Stop).CountAsync(Stop);

    /// <summary>A reader of the lake as it stands now.</summary>
    public async Task<LakeDatabase> OpenAsync(string folder)
    {
        var cache = new LakeCache(Blobs, folder, TimeProvider.System);
        return LakeDatabase.Open(await cache.PinAsync(Stop), cache.Folder, memoryMegabytes: 256);
    }
}
