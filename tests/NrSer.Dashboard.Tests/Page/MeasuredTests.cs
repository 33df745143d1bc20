using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>How fast the page is with large stores. Run by hand on a machine that does nothing else; docs/dashboard.md has the command and
/// figures.</summary>
public sealed class MeasuredTests(Site site)
{
    private const int ChunkSamples = 300 * SegmentGrid.SampleRateHz;

    private static readonly DateOnly s_day = new(2026, 2, 2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Recordings_FiveThousand_FirstPaint()
    {
        await GeneratedResults.StoreRowsAsync(
            site.Store.Account, Enumerable.Range(0, 5000).Select(number => GeneratedResults.Recording(number, s_day.AddDays(number % 5), 100)), Stop);
        await using VisitedPage visited = await site.OpenAsync("/about");
        for (int run = 0; run < 5; run++)
        {
            await visited.Page.GotoAsync($"{new Uri(visited.Address, "/recordings?from=2026-02-01&to=2026-02-10")}");
            double rows = await MillisecondsAsync(visited.Page, "document.querySelector('tbody tr:not(.space)')");
            double paint = await visited.Page.EvaluateAsync<double>("() => performance.getEntriesByName('first-contentful-paint')[0].startTime");
            Say($"5,000 recordings: first paint after {paint:F0} ms, first rows after {rows:F0} ms");
        }
    }

    [Fact(Explicit = true)]
    public async Task Recording_TenHours_ScrollsAndZooms()
    {
        Recording recording = await StoreAsync(20_001, hours: 10, audible: []);
        await using VisitedPage visited = await site.OpenAsync($"/recordings/{recording.Id}");
        IPage page = visited.Page;
        await page.GetByText("9,000", new() { Exact = true }).WaitForAsync();
        ICDPSession session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("Performance.enable");
        LocatorBoundingBoxResult box = (await page.Locator(".lanes canvas").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + 400, box.Y + 100);
        Dictionary<string, double> before = await MetricsAsync(session);
        double[] frames = await page.EvaluateAsync<double[]>(
            """
            () => new Promise(done => {
              const canvas = document.querySelector('.lanes canvas'), frames = [];
              let last = performance.now(), left = 300;
              const step = now => {
                frames.push(now - last);
                last = now;
                canvas.dispatchEvent(new WheelEvent('wheel', { deltaX: 24, bubbles: true, cancelable: true }));
                if (left-- > 0) requestAnimationFrame(step); else done(frames.slice(2));
              };
              requestAnimationFrame(step);
            })
            """);
        Dictionary<string, double> after = await MetricsAsync(session);
        double script = (after["ScriptDuration"] - before["ScriptDuration"]) * 1000 / frames.Length;
        Say($"10 h, scrolled 300 frames: {frames.Count(frame => frame > 25) * 100.0 / frames.Length:F1} % over 25 ms, p95 {P95(frames):F1} ms; "
            + $"script {script:F2} ms a frame in the mean; heap {after["JSHeapUsedSize"] / 1e6:F0} MB");
    }

    [Fact(Explicit = true)]
    public async Task Recording_ThreeHours_ClickToPlaying()
    {
        Recording recording = await StoreAsync(20_002, hours: 3, audible: [0, 17, 35]);
        await using VisitedPage visited = await site.OpenAsync($"/recordings/{recording.Id}");
        IPage page = visited.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "Play" }).ClickAsync();
        await page.WaitForFunctionAsync("() => !document.querySelector('.time').textContent.startsWith('0:00.0')");
        int asked = visited.Asked.Length;
        var waits = new List<double>();
        for (int seek = 0; seek < 24; seek++)
        {
            double target = (new[] { 0, 17, 35 }[seek % 3] * 300) + 5 + (10 * seek);
            waits.Add(await page.EvaluateAsync<double>(
                """
                seconds => new Promise(done => {
                  const start = performance.now();
                  location.hash = `#t=${seconds}`;
                  const look = () => {
                    const [h, m, s] = document.querySelector('.time').textContent.split('/')[0].trim().split(':').reverse().map(Number);
                    const at = (h ?? 0) + (m ?? 0) * 60 + (s ?? 0) * 3600;
                    if (at > seconds + 0.05 && !document.querySelector('.stage [role=status].muted')) done(
                        performance.now() - start - (at - seconds) * 1000);
                    else requestAnimationFrame(look);
                  };
                  requestAnimationFrame(look);
                })
                """, target));
        }

        int blocks = visited.Asked.Skip(asked).Count(address => address.Contains("/audio?", StringComparison.Ordinal));
        double half = waits.Order().ElementAt(waits.Count / 2);
        Say($"3 h: {waits.Count} seeks while it plays, p50 {half:F0} ms, p95 {P95([.. waits]):F0} ms to the sound of the new place; "
            + $"{blocks * 64.0 / 1000 / waits.Count:F2} MB a seek, both versions");
    }

    private static double P95(double[] values) => values.Order().ElementAt((int)(values.Length * 0.95));

    private static void Say(FormattableString said) => TestContext.Current.TestOutputHelper!.WriteLine(said.ToString(CultureInfo.InvariantCulture));

    private static void Say(string said) => TestContext.Current.TestOutputHelper!.WriteLine(said);

    private static async Task<double> MillisecondsAsync(IPage page, string condition) => (await (await page.WaitForFunctionAsync(
        $"() => {condition} && performance.now()", options: new() { PollingInterval = 5 })).JsonValueAsync<double>());

    private static async Task<Dictionary<string, double>> MetricsAsync(ICDPSession session)
    {
        JsonElement metrics = (await session.SendAsync("Performance.getMetrics"))!.Value;
        return metrics.GetProperty("metrics").EnumerateArray().ToDictionary(
            metric => metric.GetProperty("name").GetString()!, metric => metric.GetProperty("value").GetDouble(), StringComparer.Ordinal);
    }

    /// <summary>A long recording: all of its rows and peaks, and the audio of some chunks.</summary>
    private async Task<Recording> StoreAsync(int number, int hours, int[] audible)
    {
        int chunks = hours * 12;
        Recording recording = GeneratedResults.Recording(number, s_day, chunks * 75) with
        {
            ExpectedChunks = chunks,
            BlobName = $"long/{hours} h.wav"
        };
        await GeneratedResults.StoreAsync(site.Store.Account, recording, Stop);
        var blobs = new ChunkBlobs(site.Store.Account.Blobs);
        var random = new Random(1);
        var samples = new float[ChunkSamples];
        for (int at = 0; at < samples.Length; at++)
            samples[at] = (random.NextSingle() - 0.5f) * (float)Math.Abs(Math.Sin(at / 40_000.0));
        byte[] peaks = ChunkPeaks.Of(samples);
        for (int index = 0; index < chunks; index++)
        {
            var id = new ChunkId(recording.Id, 0, index);
            await site.Store.Account.Store.MergeChunkAsync(
                new Chunk { Id = id, StartSample = (long)index * ChunkSamples, Samples = ChunkSamples }, Stop);
            foreach (string container in new[] { StorageNames.Chunks, StorageNames.Enhanced })
            {
                // by name: whether all is there is told by counting, and nobody writes 2 GB to draw them
                await site.Store.Account.Blobs.Container(container).GetBlobClient($"{id}.dat").UploadAsync(BinaryData.FromBytes(peaks),
                    overwrite: true, Stop);
                if (!audible.Contains(index))
                    await site.Store.Account.Blobs.Container(container).GetBlobClient($"{id}.wav").UploadAsync(BinaryData.Empty, overwrite: true,
                        Stop);
            }

            if (!audible.Contains(index))
                continue;
            await blobs.WriteChunkAsync(id, samples, Stop);
            await blobs.WriteEnhancedAsync(id, samples, Stop);
        }

        return recording;
    }
}
