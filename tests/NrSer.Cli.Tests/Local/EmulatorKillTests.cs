using NrSer.Cli.Local;
using NrSer.Cli.Tests.Processes;
using NrSer.Emulator;
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
        string rows = AzuriteProcess.RowListOf(StackFile.AzuriteFolder(stack.Data));
        var names = new List<string>();
        for (int round = 0; round < 3; round++)
        {
            for (int number = 0; number < 48; number++)
            {
                names.Add($"{round}-{number}.wav");
                await stack.DropAsync(names[^1], SampleFiles.Concatenated(1 + (number % 3), SampleFiles.Noisy, SampleFiles.Clean));
            }

            await Task.Delay(TimeSpan.FromSeconds(7), TimeProvider.System, stop); // uploads are saved by now
            DateTime saved = AzuriteProcess.SaveBegunAt(rows);
            await Waiting.UntilAsync("rows are saved that know more than the list of blobs", TimeSpan.FromMilliseconds(5), _ =>
                Task.FromResult(AzuriteProcess.SaveBegunAt(rows) > saved ? rows : null));
            Assert.True(await stack.KillEmulatorAsync());
        }

        var lacking = new List<string>();
        foreach (string name in names)
        {
            Recording row = await Waiting.UntilAsync($"{name} stays completed", async _ =>
                await stack.EndedAsync(name) is { RetryRequested: not true } ended ? ended : null);
            foreach (string file in new[] { ResultBlobs.ReceiptName(row.Id), ResultBlobs.SegmentsName(row.Id) })
            {
                if (!await stack.Container(StorageNames.Results).GetBlobClient(file).ExistsAsync(stop))
                    lacking.Add($"{name}: no {file}");
            }

            List<Segment> segments = await Stack.SegmentsAsync(stack.Store(), row);
            if (segments.Count != row.SegmentCount || Math.Abs(segments.Sum(s => s.EndSeconds - s.StartSeconds) - row.DurationSeconds!.Value) > 0.001)
                lacking.Add($"{name}: {segments.Count} segments of {row.SegmentCount}");
            if (segments.Exists(segment => segment.IsSpeech != (segment.Emotion is not null)))
                lacking.Add($"{name}: speech without emotions");
        }

        TestContext.Current.TestOutputHelper!.WriteLine(string.Join('\n', stack.Up.Said.Split('\n').Where(line =>
            line.Contains("lacked something", StringComparison.Ordinal) || line.Contains(" gone", StringComparison.Ordinal))));

        Assert.Empty(lacking);
    }
}
