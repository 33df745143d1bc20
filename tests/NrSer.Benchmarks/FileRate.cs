using System.Diagnostics;
using System.Text.Json;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Pipeline;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Testing;

namespace NrSer.Benchmarks;

/// <summary><c>files</c>: recordings of two seconds through a running <c>nrser up</c>, how many a second, and the processor time of each in <c>up</c>
/// and its emulator; then what both take with nothing to do.</summary>
internal static class FileRate
{
    private const int SampleRateHz = 16_000, UploadsAtOnce = 4; // as ingest
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(60);

    /// <param name="dataFolder">The stack's.</param>
    /// <param name="count">How many recordings.</param>
    public static async Task RunAsync(string dataFolder, int count)
    {
        using var stack = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(dataFolder, "stack.json")));
        using Process up = Process.GetProcessById(stack.RootElement.GetProperty("OwnerProcessId").GetInt32());
        using Process emulator = Process.GetProcessById(stack.RootElement.GetProperty("AzuriteProcessId").GetInt32());
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
            [new("NrSer:Storage:ConnectionString", stack.RootElement.GetProperty("ConnectionString").GetString())]).Build());
        services.AddLogging();
        services.AddNrSerPipeline().AddNrSerStorageQueues();
        await using ServiceProvider provider = services.BuildServiceProvider();
        UploadStore uploads = provider.GetRequiredService<UploadStore>();
        BlobContainerClient container = provider.GetRequiredService<BlobStorage>().Container(StorageNames.Recordings);
        float[] speech = await Recordings.SamplesAsync(await Recordings.SpeechAsync());

        string run = $"{Environment.ProcessId}";
        (TimeSpan upBefore, TimeSpan emulatorBefore) = Spent();
        long begun = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = UploadsAtOnce }, async (number, token) =>
        {
            int at = number * 61 % (speech.Length - (2 * SampleRateHz));
            string name = $"files/{run}/{number:D5}.wav";
            byte[] wave = await Recordings.WaveAsync(speech[at..(at + (2 * SampleRateHz))]);
            await container.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(wave), overwrite: true, token);
            await uploads.AnnounceAsync((await uploads.FindAsync(name, token))!, token);
        });
        OpenWork open = provider.GetRequiredService<RecordingStore>().Open;
        while (await open.CountUnfinishedAsync(most: 1, CancellationToken.None) > 0)
            await Task.Delay(500);
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        (TimeSpan upAfter, TimeSpan emulatorAfter) = Spent();
        await Task.Delay(s_idle / 2); // what is written late
        (TimeSpan upIdle, TimeSpan emulatorIdle) = Spent();
        await Task.Delay(s_idle);
        (TimeSpan upEnd, TimeSpan emulatorEnd) = Spent();
        Console.WriteLine("| recordings | a second | s of up each | s of the emulator each | idle, share of a core |\n|---:|---:|---:|---:|---:|");
        Console.WriteLine(
            $"| {count:N0} | {count / seconds:F1} | {(upAfter - upBefore).TotalSeconds / count:F3} "
            + $"| {(emulatorAfter - emulatorBefore).TotalSeconds / count:F3} "
            + $"| {(upEnd - upIdle + emulatorEnd - emulatorIdle) / s_idle:P1} |");

        (TimeSpan Up, TimeSpan Emulator) Spent()
        {
            up.Refresh();
            emulator.Refresh();
            return (up.TotalProcessorTime, emulator.TotalProcessorTime);
        }
    }
}
