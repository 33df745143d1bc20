using System.Globalization;
using Microsoft.Playwright;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>How fast the page is with large stores. Run by hand on a machine that does nothing else; docs/dashboard.md has the command and
/// figures.</summary>
public sealed class MeasuredTests(Site site)
{
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
        Recording recording = await LongRecording.StoreAsync(site.Store.Account, 20_001, hours: 10, LongRecording.Noise, audible: []);
        await using VisitedPage visited = await site.OpenAsync($"/recordings/{recording.Id}");
        IPage page = visited.Page;
        await page.GetByText("9,000", new() { Exact = true }).WaitForAsync();
        LocatorBoundingBoxResult box = (await page.Locator(".lanes canvas").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + 400, box.Y + 100);
        await using ScriptTrace trace = await ScriptTrace.StartAsync(page);
        double[] frames = await page.EvaluateAsync<double[]>(
            """
            () => new Promise(done => {
              const canvas = document.querySelector('.lanes canvas'), frames = [];
              let last = performance.now(), left = 300;
              const step = now => {
                performance.mark('frame');
                frames.push(now - last);
                last = now;
                canvas.dispatchEvent(new WheelEvent('wheel', { deltaX: 24, bubbles: true, cancelable: true }));
                if (left-- > 0) requestAnimationFrame(step); else done(frames.slice(2));
              };
              requestAnimationFrame(step);
            })
            """);
        double[] script = await trace.FramesAsync("frame");
        ICDPSession session = await page.Context.NewCDPSessionAsync(page);
        double heap = (await session.SendAsync("Runtime.getHeapUsage"))!.Value.GetProperty("usedSize").GetDouble();
        double slow = frames.Count(frame => frame > 25) * 100.0 / frames.Length;
        Say($"10 h, scrolled {frames.Length} frames: {slow:F1} % over 25 ms, p95 {P95(frames):F1} ms; "
            + $"script {script.Average():F2} ms a frame in the mean, {P95(script):F2} ms at p95, {script.Max():F2} at most, in processor time; "
            + $"heap {heap / 1e6:F0} MB");
    }

    [Fact(Explicit = true)]
    public async Task Recording_ThreeHours_ClickToPlaying()
    {
        Recording recording = await LongRecording.StoreAsync(site.Store.Account, 20_002, hours: 3, LongRecording.Noise, audible: [0, 17, 35]);
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
}
