using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;

namespace NrSer.Cli.Tests.Local;

/// <summary>The emulator is killed while recordings are worked on: its rows and its blobs are saved one after the other. Minutes, by hand.</summary>
public sealed class EmulatorKillTests
{
    [Fact(Explicit = true)]
    public async Task Emulator_KilledAgainAndAgain_LeavesNoRecordingCompleteThatLacksSomething()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using Stack stack = await Stack.StartedAsync(KillTests.ShortLocks);
        var names = new List<string>();
        for (int round = 0; round < 3; round++)
        {
            for (int number = 0; number < 16; number++)
            {
                names.Add($"{round}-{number}.wav");
                await stack.DropAsync(names[^1], SampleFiles.Concatenated(1 + (number % 3), SampleFiles.Noisy, SampleFiles.Clean));
            }

            await Task.Delay(TimeSpan.FromSeconds(7), TimeProvider.System, stop); // uploads are saved by now
            Assert.True(await stack.KillEmulatorAsync());
        }

        var lacking = new List<string>();
        foreach (string name in names)
        {
            Recording row = await stack.EndedAsync(name);
            if (!await stack.Container(StorageNames.Results).GetBlobClient(ResultBlobs.ReceiptName(row.Id)).ExistsAsync(stop))
                lacking.Add($"{name}: no receipt");
            List<Segment> segments = await Stack.SegmentsAsync(stack.Store(), row);
            if (segments.Count != row.SegmentCount || Math.Abs(segments.Sum(s => s.EndSeconds - s.StartSeconds) - row.DurationSeconds!.Value) > 0.001)
                lacking.Add($"{name}: {segments.Count} segments of {row.SegmentCount}");
        }

        Assert.Empty(lacking);
    }
}
