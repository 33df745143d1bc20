using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands.Podcasts;

/// <summary>What downloads cost recognition: an archive that arrives while it is worked through, against one that is there already.</summary>
public sealed class PodcastThroughputTests
{
    private const int Episodes = 30;
    private const int EpisodeSeconds = 180;
    private const int Rounds = 3;
    private const int HeaderBytes = 44;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Six minutes of a quiet machine: dotnet run --project tests/NrSer.Cli.Tests -c Release -- -explicit only -class "*PodcastThroughputTests"
    [Fact(Explicit = true)]
    public async Task Sync_BesideRecognition_DoesNotSlowIt()
    {
        await using var server = new PodcastServer();
        byte[] speech = SampleFiles.Concatenated(EpisodeSeconds, SampleFiles.Clean, SampleFiles.Noisy, SampleFiles.NoiseOnly);
        for (int number = 0; number < Episodes; number++)
        {
            byte[] content = [.. speech];
            BinaryPrimitives.WriteInt16LittleEndian(content.AsSpan(HeaderBytes), (short)number); // others in content, alike in work
            server.Serve(string.Create(CultureInfo.InvariantCulture, $"/{number}.wav"), content, "audio/wav");
        }

        server.Serve("/feed", PodcastServer.Feed(Episodes, "wav", "audio/wav"), "application/rss+xml");
        var ratios = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            double there = await SecondsAsync(server, before: true), arriving = await SecondsAsync(server, before: false);
            ratios.Add(arriving / there);
            TestContext.Current.SendDiagnosticMessage(
                $"{Episodes} episodes of {EpisodeSeconds} s: {there:F1} s when they are there, {arriving:F1} s when they arrive meanwhile");
        }

        TestContext.Current.SendDiagnosticMessage($"Ratio {string.Join(", ", ratios.Select(ratio => $"{ratio:F3}"))}");
        Assert.InRange(ratios.Order().ElementAt(Rounds / 2), 0, 1.1);
    }

    /// <summary>How long a stack needs for the archive.</summary>
    /// <param name="server">Where it is.</param>
    /// <param name="before">Whether it is fetched before the clock starts, or after.</param>
    private static async Task<double> SecondsAsync(PodcastServer server, bool before)
    {
        await using Stack stack = await Stack.StartedAsync(("NrSer__Podcasts__PrivateHosts", "127.0.0.1"));
        (await stack.RunProcessAsync("podcast", "add", new Uri(server.Url, "feed").AbsoluteUri)).Succeeded();
        string[] sync = ["podcast", "sync", "--pause", "0s"];
        if (before)
        {
            await stack.Up.KillAsync(); // its emulator stays
            (await stack.RunProcessAsync([.. sync, "--in-flight", "1000"])).Succeeded();
            await stack.StartAsync();
        }

        var clock = Stopwatch.StartNew();
        Task<Outcome>? fetching = before ? null : stack.RunProcessAsync(sync);
        DateOnly today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        int finished = 0;
        while (finished < Episodes)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Stop);
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(10), stack.Up.Said);
            IReadOnlyDictionary<RecordingStatus, int> counts = await stack.Store().CountByStatusAsync(today.AddDays(-1), today, Stop);
            finished = counts.GetValueOrDefault(RecordingStatus.Completed);
            Assert.Equal(0, counts.GetValueOrDefault(RecordingStatus.Failed) + counts.GetValueOrDefault(RecordingStatus.Rejected));
        }

        double seconds = clock.Elapsed.TotalSeconds;
        if (fetching is not null)
            (await fetching).Succeeded();
        return seconds;
    }
}
