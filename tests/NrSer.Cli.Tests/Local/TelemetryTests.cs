using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;

namespace NrSer.Cli.Tests.Local;

public sealed class TelemetryTests : IDisposable
{
    private readonly HttpListener _collector = new();
    private readonly ConcurrentQueue<(string Path, string Body)> _received = new();

    public TelemetryTests()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Endpoint = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        }

        _collector.Prefixes.Add(Endpoint);
        _collector.Start();
    }

    private string Endpoint { get; }

    public void Dispose() => _collector.Close();

    [Fact]
    public async Task Up_WithACollector_SendsASpanPerStageAndTheMetrics()
    {
        Task collecting = CollectAsync();
        await using Stack stack = await Stack.StartedAsync(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", Endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "200"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "500"));
        await stack.DropAsync("clean.wav", await File.ReadAllBytesAsync(SampleFiles.Clean, TestContext.Current.CancellationToken));
        Assert.Equal(RecordingStatus.Completed, (await stack.EndedAsync("clean.wav")).Status);

        string[] spans = ["uploads", "chunks", "emotions"];
        string[] instruments = ["nrser.audio", "nrser.real_time_factor", "nrser.queue.age"];
        await Waiting.UntilAsync("all spans and instruments", TimeSpan.FromMilliseconds(200), _ =>
            Task.FromResult(
                spans.All(span => Has("/v1/traces", span)) && instruments.All(instrument => Has("/v1/metrics", instrument)) ? stack : null));
        _collector.Stop();
        await collecting;
    }

    /// <summary>Names stand in the protobuf as they are.</summary>
    private bool Has(string path, string name) =>
        _received.Any(request => request.Path == path && request.Body.Contains(name, StringComparison.Ordinal));

    private async Task CollectAsync()
    {
        while (true)
        {
            try
            {
                HttpListenerContext context = await _collector.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                _received.Enqueue((context.Request.Url!.AbsolutePath, Encoding.Latin1.GetString(body.ToArray())));
                context.Response.Close();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException)
            {
                if (!_collector.IsListening)
                    return; // otherwise a sender had lost its patience: it sends again
            }
        }
    }
}
