using System.Net;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>The files of the page.</summary>
public sealed class StaticPageTests(Site site)
{
    [Fact]
    public async Task Files_AsABrowserFetchesThem_AreLightAndFetchedOnce()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        int bytes = 0;
        foreach (string path in new[] { "/", "/app.js", "/style.css", "/icon.svg" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept-Encoding", "gzip, br" } } };
            using HttpResponseMessage answer = await site.Client.SendAsync(request, stop);
            Assert.Equal("br", Assert.Single(answer.Content.Headers.ContentEncoding));
            bytes += (await answer.Content.ReadAsByteArrayAsync(stop)).Length;
            using var again = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { answer.Headers.ETag! } } };
            using HttpResponseMessage known = await site.Client.SendAsync(again, stop);
            Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        }

        Assert.InRange(bytes, 1, 300_000);
    }
}
