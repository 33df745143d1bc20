using System.Text;
using System.Text.Json;
using Microsoft.Playwright;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>What the browser itself notes of the scripts that it runs: each call from its own loop into a script, whoever asked for it.</summary>
internal sealed class ScriptTrace : IAsyncDisposable
{
    // calls of functions, and what they left to be done right after them; one may lie within another
    private static readonly string[] s_script = ["FunctionCall", "EvaluateScript", "RunMicrotasks", "v8.callFunction"];

    private readonly ICDPSession _session;
    private readonly TaskCompletionSource<string> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ScriptTrace(ICDPSession session)
    {
        _session = session;
        session.Event("Tracing.tracingComplete").OnEvent += (_, said) => _stream.TrySetResult(said!.Value.GetProperty("stream").GetString()!);
    }

    /// <summary>Begins to take notes of all pages of a browser.</summary>
    public static async Task<ScriptTrace> StartAsync(IPage page)
    {
        var trace = new ScriptTrace(await page.Context.Browser!.NewBrowserCDPSessionAsync());
        await trace._session.SendAsync("Tracing.start", new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["transferMode"] = "ReturnAsStream",
            ["traceConfig"] = new { includedCategories = new[] { "devtools.timeline", "blink.user_timing" } },
        });
        return trace;
    }

    /// <summary>Ends it. Milliseconds of the processor that scripts took in each frame, from one mark of the page to the next.</summary>
    /// <param name="mark">Name of the marks.</param>
    public async Task<double[]> FramesAsync(string mark)
    {
        await _session.SendAsync("Tracing.end");
        using JsonDocument notes = JsonDocument.Parse(await ReadAsync(await _stream.Task));
        JsonElement[] events = [.. notes.RootElement.GetProperty("traceEvents").EnumerateArray()];
        JsonElement[] marks = [.. events
            .Where(each => NameOf(each) == mark && each.GetProperty("cat").GetString()!.Contains("user_timing", StringComparison.Ordinal))
            .OrderBy(TimeOf)];
        Assert.NotEmpty(marks);
        int thread = marks[0].GetProperty("tid").GetInt32(), process = marks[0].GetProperty("pid").GetInt32();
        double[] frames = new double[marks.Length - 1];
        long ended = 0;
        foreach (JsonElement call in events
            .Where(each => each.GetProperty("ph").GetString() == "X" && s_script.Contains(NameOf(each))
                && each.GetProperty("tid").GetInt32() == thread && each.GetProperty("pid").GetInt32() == process)
            .OrderBy(TimeOf).ThenByDescending(each => each.GetProperty("dur").GetInt64()))
        {
            if (TimeOf(call) < ended)
                continue; // within the one before
            ended = TimeOf(call) + call.GetProperty("dur").GetInt64();
            int frame = Array.FindLastIndex(marks, each => TimeOf(each) <= ended); // a call that sets a mark belongs to the frame that it begins
            if (frame >= 0 && frame < frames.Length)
                frames[frame] += call.GetProperty("tdur").GetInt64() / 1000.0;
        }

        return frames;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _session.DetachAsync();

    private static string NameOf(JsonElement each) => each.GetProperty("name").GetString()!;

    private static long TimeOf(JsonElement each) => each.GetProperty("ts").GetInt64();

    private async Task<string> ReadAsync(string stream)
    {
        var text = new StringBuilder();
        var wanted = new Dictionary<string, object>(StringComparer.Ordinal) { ["handle"] = stream };
        while (true)
        {
            JsonElement part = (await _session.SendAsync("IO.read", wanted))!.Value;
            string data = part.GetProperty("data").GetString()!;
            text.Append(part.TryGetProperty("base64Encoded", out JsonElement encoded) && encoded.GetBoolean()
                ? Encoding.UTF8.GetString(Convert.FromBase64String(data)) : data);
            if (part.GetProperty("eof").GetBoolean())
                return text.ToString();
        }
    }
}
