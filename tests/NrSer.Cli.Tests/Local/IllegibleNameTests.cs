using Azure.Storage.Blobs;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Local;

/// <summary>Another tool uploads under a name that no list of the emulator can have.</summary>
public sealed class IllegibleNameTests
{
    private const string Illegible = "a\u0001b.wav", Escaped = "a%01b.wav";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Up_AControlCharacterInAName_TakesInWhatElseThereIsAndSaysItOnce()
    {
        await using Stack stack = await Stack.StartedAsync(
            ("NrSer__Uploads__LongestPause", "00:00:01"), ("NrSer__Sweep__ReconcileEvery", "00:00:05"));
        byte[] content = await File.ReadAllBytesAsync(SampleFiles.Clean, Stop);
        await stack.DropAsync(Illegible, content);
        await stack.DropAsync("beside it.wav", content);
        await stack.EndedAsync("beside it.wav");
        await stack.DropAsync("z/behind it.wav", content);
        await stack.EndedAsync("z/behind it.wav");

        DateTimeOffset by = TimeProvider.System.GetUtcNow();
        await Polling.UntilAsync(async () => (await stack.Store().Open.ReconciliationAsync(Stop)).CompletedAt > by); // it lists, too
        Assert.Equal(2, stack.Up.Said.Split(Escaped).Length);
        Assert.Null(await Stack.FindAsync(stack.Store(), Illegible, Stop));

        BlobContainerClient uploads = stack.Container(StorageNames.Recordings);
        await uploads.DeleteBlobAsync(Illegible, cancellationToken: Stop);
        await stack.DropAsync("after it.wav", content);
        await stack.EndedAsync("after it.wav");
        Assert.Equal(2, stack.Up.Said.Split(Escaped).Length);
    }
}
