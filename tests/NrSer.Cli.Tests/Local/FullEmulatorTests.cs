using NrSer.Cli.Local;
using NrSer.Cli.Tests.Processes;
using NrSer.Emulator;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Tests.Local;

/// <summary>The emulator nears the text that it cannot write any more.</summary>
public sealed class FullEmulatorTests
{
    [Fact]
    public async Task Up_EmulatorIsNearlyFull_TakesNothingInUntilThereIsRoom()
    {
        await using Stack stack = await Stack.StartedAsync();
        string folder = StackFile.AzuriteFolder(stack.Data), list = Path.Combine(folder, "__azurite_db_made__.json");
        Assert.InRange(AzuriteProcess.FullnessOf(folder), 0, 0.01);
        await using (FileStream grown = File.Create(list)) // a hole: it takes no room
            grown.SetLength(500_000_000);
        Assert.InRange(AzuriteProcess.FullnessOf(folder), AzuriteProcess.Full, 1);

        await stack.DropAsync("dropped.wav", await File.ReadAllBytesAsync(SampleFiles.Clean, TestContext.Current.CancellationToken));
        await Waiting.UntilAsync("a word about it", _ => Task.FromResult(
            stack.Up.Said.Contains("The storage emulator is nearly full", StringComparison.Ordinal) ? stack : null));
        string refused = (await stack.RunAsync("ingest", SampleFiles.Noisy)).Refused(3);
        Assert.Contains("The storage emulator is 93", refused, StringComparison.Ordinal);
        Recording? waits = await Stack.FindAsync(stack.Store(), "dropped.wav", TestContext.Current.CancellationToken);
        Assert.Equal(RecordingStatus.Queued, waits?.Status);
        Assert.Null(await Stack.FindAsync(stack.Store(), Path.GetFileName(SampleFiles.Noisy), TestContext.Current.CancellationToken));

        File.Delete(list);
        Assert.Equal(0, (await stack.EndedAsync("dropped.wav")).Generation);
    }
}
