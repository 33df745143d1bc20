using System.Globalization;
using NrSer.Cli.Tests.Local;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Chaos;

/// <summary>
/// A stack whose processes are killed and stopped, whose disk is full and whose clock is set while uploads and episodes come, change, are forgotten
/// and come again, by a seed; afterwards everything must be as if nothing had happened. CI runs a short form; <c>NRSER_CHAOS_SEED</c> and
/// <c>NRSER_CHAOS_STEPS</c> make another and a longer one, <c>NRSER_CHAOS_FILES</c> lets so many come at once, and <c>NRSER_CHAOS_KILLS=1</c> does
/// nothing but upload and kill.
/// </summary>
public sealed class ChaosTests
{
    private static readonly (string, string)[] s_settings =
    [
        .. KillTests.ShortLocks, ("NrSer__Queues__RetryDelay", "00:00:00.200"), ("NrSer__Forgetting__Interval", "00:00:01"),
    ];

    [Fact]
    public async Task Stack_UnderChaos_LosesNothingAndRepeatsNothing()
    {
        int seed = Number("NRSER_CHAOS_SEED", 16682), steps = Number("NRSER_CHAOS_STEPS", 3), files = Number("NRSER_CHAOS_FILES", 1);
        bool isOnlyKilled = Number("NRSER_CHAOS_KILLS", 0) == 1;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}, {steps} steps, {files} files at once");
        using var machine = new ChaosMachine();
        await using var stack = new Stack([.. s_settings, .. ChaosPodcasts.Settings, .. machine.Settings]) { Data = machine.Data };
        await stack.StartAsync();
        var run = new ChaosRun(stack, machine, seed, files);
        await using ChaosPodcasts podcasts = run.Podcasts;
        for (int step = 0; step < steps; step++)
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"{step}: {await (isOnlyKilled ? run.UploadAndKillAsync() : run.StepAsync())}");
            if (!isOnlyKilled && await run.StepAgainAsync() is { } again)
                TestContext.Current.TestOutputHelper!.WriteLine($"{step}: {again}");
        }

        foreach (Func<Task<string>> last in new[]
        {
            () => podcasts.AddAsync(), () => podcasts.SyncAsync(isKilled: false), () => run.ForgetAsync(isKilled: true, isRefused: true),
            run.UploadAnewAsync, run.UploadRefusedAsync, () => podcasts.ForgetAsync(isKilled: true), podcasts.AddAsync,
        })
            TestContext.Current.TestOutputHelper!.WriteLine($"at last: {await last()}");
        await run.SettleAsync();
        var check = new ChaosCheck(stack, run);
        await check.RunAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"a day later: {await run.PassDaysAsync()}");
        await check.ForgottenAsync(isFinal: machine.WithoutClock is null);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{run.Uploads.Count} uploads, {run.Forgotten.Count} forgotten, {run.Kills + podcasts.Kills} kills: clean");
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : otherwise;
}
