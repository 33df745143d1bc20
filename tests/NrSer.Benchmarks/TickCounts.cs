using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline;
using NrSer.Pipeline.Stages;
using NrSer.Testing;

namespace NrSer.Benchmarks;

/// <summary><c>ticks</c>: what a sweep asks for, with archives of several sizes in the tables of an emulator.</summary>
internal static class TickCounts
{
    private const int Runs = 5;

    private static readonly int[] s_sizes = [100, 1_000, 10_000, 100_000];

    public static async Task RunAsync()
    {
        await using var emulator = new StorageEmulator();
        await emulator.InitializeAsync();
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
            [new("NrSer:Storage:ConnectionString", account.ConnectionString)]).Build());
        services.AddLogging();
        services.AddSingleton<TimeProvider>(time);
        services.AddNrSerPipeline().AddNrSerStorageQueues();
        await using ServiceProvider provider = services.BuildServiceProvider();
        Sweep sweep = provider.GetRequiredService<Sweep>();
        await sweep.RunAsync(CancellationToken.None); // the daily look through everything, and what is asked once

        int stored = 0;
        Console.WriteLine("| recordings | requests of a sweep | median |\n|---:|---:|---:|");
        foreach (int size in s_sizes)
        {
            await GeneratedResults.StoreRowsAsync(
                account, Enumerable.Range(stored, size - stored).Select(number => GeneratedResults.Recording(number, DayOf(number), segments: 300)),
                CancellationToken.None);
            stored = size;
            var times = new List<double>();
            var counts = new HashSet<int>();
            for (int run = 0; run < Runs; run++)
            {
                time.Advance(TimeSpan.FromMinutes(1)); // a sweep that asks for the ages of the queues, too: on a laptop one in ten
                long begun = Stopwatch.GetTimestamp();
                counts.Add((await CountedRequests.OfAsync(account, () => sweep.RunAsync(CancellationToken.None))).Length);
                times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            Console.WriteLine($"| {size:N0} | {string.Join(" or ", counts.Order())} | {times.Order().ElementAt(Runs / 2):F0} ms |");
        }
    }

    private static DateOnly DayOf(int number) => new DateOnly(2024, 1, 1).AddDays(number % 700);
}
