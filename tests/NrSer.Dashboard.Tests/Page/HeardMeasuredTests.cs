using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>What comes out of the browser's audio device, against what the page shows at that moment. Run by hand; docs/dashboard.md has the command
/// and figures.</summary>
public sealed class HeardMeasuredTests(Site site)
{
    private const int BeepAt = (2 * 3600) + (59 * 60); // s, of 3 h
    private const int SampleRateHz = 16_000;

    /// <summary>Listens to whatever is sent to the device: the frame at which it becomes loud, and how loud it becomes.</summary>
    private const string Tap = """
        registerProcessor('tap', class extends AudioWorkletProcessor {
          quiet = 0; onset = -1; level = 0;
          process([input]) {
            const samples = input[0] ?? new Float32Array(128);
            for (let at = 0; at < samples.length; at++) {
              const level = Math.abs(samples[at]);
              if (level > 0.1 && this.quiet > 1600) [this.onset, this.level] = [currentFrame + at, 0];
              this.quiet = level > 0.1 ? 0 : this.quiet + 1;
              this.level = Math.max(this.level, level);
              if (this.onset >= 0 && currentFrame + at === this.onset + 320) {
                this.port.postMessage({ time: this.onset / sampleRate, level: this.level });
                this.onset = -1;
              }
            }
            return true;
          }
        });
        """;

    private const string Listen = """
        window.onsets = [];
        window.places = [];
        const connect = AudioNode.prototype.connect;
        AudioNode.prototype.connect = function (target, ...rest) {
          if (target instanceof AudioDestinationNode) {
            const context = window.device = this.context;
            context.tap ??= context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))).then(() => {
              const tap = new AudioWorkletNode(context, 'tap');
              tap.port.onmessage = said => window.onsets.push(said.data);
              connect.call(tap, context.destination);
              return tap;
            });
            context.tap.then(tap => connect.call(this, tap));
          }
          return connect.call(this, target, ...rest);
        };
        addEventListener('DOMContentLoaded', () => new MutationObserver(changes => {
          const head = changes.find(change => change.target.matches('.minimap .head'))?.target;
          if (window.device && head)
            places.push([device.currentTime - (device.outputLatency || 0), parseFloat(head.style.left) / 100 * 10800]);
        }).observe(document, { subtree: true, attributeFilter: ['style'] }));
        """;

    [Fact(Explicit = true)]
    public async Task Recording_ThreeHours_BeepIsHeardWhereItIsShownInBothVersions()
    {
        Recording recording = await LongRecording.StoreAsync(
            site.Store.Account, 20_003, hours: 3, start => LongRecording.Beeps(start, [.. Enumerable.Range(BeepAt, 8)]), audible: [35]);
        await using VisitedPage visited = await site.OpenAsync("/about", new BrowserNewContextOptions { BypassCSP = true }); // for the tap's own code
        IPage page = visited.Page;
        page.SetDefaultTimeout(60_000);
        await page.AddInitScriptAsync($"const code = {JsonSerializer.Serialize(Tap)};{Listen}");
        await page.GotoAsync(new Uri(visited.Address, $"/recordings/{recording.Id}#t={BeepAt - 1}").ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Play" }).ClickAsync();
        await page.WaitForFunctionAsync("() => onsets.length >= 3");
        await page.GetByRole(AriaRole.Button, new() { Name = "Heard by the model" }).ClickAsync(); // in place
        await page.WaitForFunctionAsync("() => onsets.length >= 6");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        (double Time, double Level)[] onsets = [.. (await page.EvaluateAsync<JsonElement>("() => onsets")).EnumerateArray()
            .Select(each => (each.GetProperty("time").GetDouble(), each.GetProperty("level").GetDouble()))];

        // Where the page takes itself to be, by what it showed right after each beep, the moment that it was shown.
        double[][] places = await page.EvaluateAsync<double[][]>("() => places");
        double[] away = [.. onsets.Select((onset, index) => onset.Time - BeepAt - index
            + Median([.. places.Where(place => place[0] > onset.Time && place[0] < onset.Time + 0.7).Select(place => place[1] - place[0])]))];
        double[] apart = [.. onsets.Zip(onsets.Skip(1), (one, next) => next.Time - one.Time - 1)];
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"3 h, beeps from 2:59:00 on: {away.Max(Math.Abs) * 1000:F1} ms at most between what is heard and where the page is; switched from one "
            + $"version to the other: {apart.Max(Math.Abs) * SampleRateHz:F1} samples at most beside a second apart"));

        TestContext.Current.TestOutputHelper!.WriteLine(string.Join(' ', away.Select(seconds => $"{seconds * 1000:F1}")));
        Assert.All(onsets[..2], onset => Assert.InRange(onset.Level, 0.7, 0.9));
        Assert.InRange(onsets[^1].Level, 0.3, 0.5); // the other version is half as loud
        Assert.All(away, seconds => Assert.InRange(seconds, -0.020, 0.020));
        Assert.All(apart, seconds => Assert.InRange(Math.Abs(seconds) * SampleRateHz, 0, 2));
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
