using System.Diagnostics;
using Azure.Storage.Blobs;
using NrSer.Cli.Local;
using NrSer.Cli.Tests.Processes;
using NrSer.Emulator;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Cli.Tests.Local;

/// <summary>An emulator that was killed after it had saved rows, and before it had saved which blobs there are.</summary>
public sealed class EmulatorLossTests
{
    private const string Whole = "clean.wav", NoReceipt = "no-receipt.wav", NoParquet = "no-parquet.wav", NoSegments = "no-segments.wav";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Up_AfterAKillThatTookBlobs_HasAllOfThemAgain()
    {
        await using Stack stack = await Stack.StartedAsync(KillTests.ShortChunks);
        string[] names = [Whole, NoReceipt, NoParquet, NoSegments];
        var rows = new Dictionary<string, Recording>(StringComparer.Ordinal);
        var before = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in names)
            await stack.DropAsync(name, SampleFiles.Concatenated(name == NoSegments ? 25 : 3, SampleFiles.Noisy, SampleFiles.Clean));
        foreach (string name in names)
        {
            rows[name] = await stack.EndedAsync(name);
            before[name] = await FilesOfAsync(stack, rows[name]);
        }

        await stack.Up.KillAsync(); // the emulator runs on, and nobody else changes anything
        RecordingStore store = stack.Store();
        RecordingId[] changed = [.. rows.Values.Where(row => row.BlobName != Whole).Select(row => row.Id)];
        await store.DismissAsync(changed, Stop); // rows that change last
        foreach (string lost in new[]
        {
            ResultBlobs.ReceiptName(rows[NoReceipt].Id), ResultBlobs.SegmentsName(rows[NoParquet].Id),
            $"{rows[NoSegments].Id}/segments/00-00001.parquet",
        })
            await Blob(stack, lost).DeleteAsync(cancellationToken: Stop);
        DateTime done = TimeProvider.System.GetUtcNow().UtcDateTime;
        await store.DismissAsync(changed, Stop); // it writes what has changed, and may just have written all of that
        await stack.Container(StorageNames.Results).SetMetadataAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["changed"] = "last" },
            cancellationToken: Stop);
        await KillOnceSavedAsync(stack, done);
        Assert.NotNull(stack.StackFile()); // by which the next one knows

        await stack.StartAsync();

        Assert.Contains("3 lacked something", stack.Up.Said, StringComparison.Ordinal);
        Assert.Equal(before[NoReceipt], await FilesOfAsync(stack, rows[NoReceipt])); // before anything else happens
        Assert.Equal(before[NoParquet], await FilesOfAsync(stack, rows[NoParquet]));
        Assert.Equal(before[Whole], await FilesOfAsync(stack, rows[Whole]));
        Assert.Equal(rows[Whole].Version, (await stack.EndedAsync(Whole)).Version);
        Recording again = await Waiting.UntilAsync("it is done again", async token => await Stack.FindAsync(stack.Store(), NoSegments, token)
            is { Generation: 1, Status: RecordingStatus.Completed } row ? row : null);
        List<Segment> segments = await Stack.SegmentsAsync(stack.Store(), again);
        Assert.Equal((rows[NoSegments].SegmentCount, rows[NoSegments].SegmentCount), (again.SegmentCount, segments.Count));
        await StoredRows.AssertParquetAsync(stack, again, segments);

        Assert.NotNull(stack.StackFile()!.MendSince); // what was mended is not saved for sure: another kill soon looks as far back
        await stack.Up.KillAsync();
        await stack.StartAsync();
        Assert.DoesNotContain("lacked something", stack.Up.Said, StringComparison.Ordinal); // the same emulator, in which it is mended
        Assert.Equal(130, await stack.Up.InterruptAsync());
        Assert.Null(stack.StackFile());
        await stack.StartAsync();
        Assert.DoesNotContain("lacked something", stack.Up.Said, StringComparison.Ordinal); // it ended well: nothing is looked at
    }

    /// <summary>SIGKILL to the emulator as soon as it has saved blobs and rows as they were then, and to nobody else. Both changed since.</summary>
    private static async Task KillOnceSavedAsync(Stack stack, DateTime then)
    {
        await Waiting.UntilAsync("it has saved", () => AzuriteProcess.SavedUntil(StackFile.AzuriteFolder(stack.Data)) >= then);
        using var emulator = Process.GetProcessById(stack.StackFile()!.AzuriteProcessId);
        emulator.Kill();
        await Waiting.UntilAsync("it has ended", () => !stack.Runs(stack.StackFile()!));
    }

    private static BlobClient Blob(Stack stack, string name) => stack.Container(StorageNames.Results).GetBlobClient(name);

    private static async Task<string> FilesOfAsync(Stack stack, Recording row)
    {
        var files = new List<string>();
        foreach (string name in new[] { ResultBlobs.ReceiptName(row.Id), ResultBlobs.SegmentsName(row.Id) })
            files.Add(Convert.ToHexString((await Blob(stack, name).DownloadContentAsync(Stop)).Value.Content.ToMemory().Span));
        return string.Join('\n', files);
    }
}
