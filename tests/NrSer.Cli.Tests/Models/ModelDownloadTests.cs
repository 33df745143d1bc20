using NrSer.Cli.Models;
using NrSer.Cli.Tests.Processes;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Models;

public sealed class ModelDownloadTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(null)] // nobody knows whether it is still the same
    [InlineData("W/\"v1\"")]
    [InlineData("\"v1\"")] // of a server that does not look at If-Range
    public async Task RunAsync_OfAFileThatChangesOnTheWay_NeverMixesTwo(string? tag)
    {
        byte[] first = [.. Enumerable.Repeat((byte)1, 10_000)], second = [.. Enumerable.Repeat((byte)2, 10_000)];
        await using var server = new PodcastServer();
        server.Serve("/file", request =>
        {
            if (server.Requests.Count > 1)
                return PodcastServer.Good(request with { Headers = Without("If-Range", request.Headers) }, second, "", "\"v2\"");
            var broken = new PodcastAnswer(200, first[..5_000]) { PromisedBytes = first.Length };
            if (tag is not null)
                broken.Headers["ETag"] = tag;
            return broken;
        });
        using var download = new ModelDownload();
        string path = _scratch["file"];
        await download.RunAsync(new Uri(server.Url, "file"), path, bytes: null, (_, _) => { }, TestContext.Current.CancellationToken);
        Assert.Equal(second, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));

        static Dictionary<string, string> Without(string header, IReadOnlyDictionary<string, string> headers) => new(
            headers.Where(each => !each.Key.Equals(header, StringComparison.OrdinalIgnoreCase)), StringComparer.OrdinalIgnoreCase);
    }
}
