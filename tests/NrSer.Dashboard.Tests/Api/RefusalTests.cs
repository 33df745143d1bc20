using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Tests.Api;

/// <summary>Who is not let in, and what is not answered.</summary>
public sealed class RefusalTests(Site site)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Anything_WithoutToken_Is401()
    {
        foreach (string path in new[] { "/", "/recordings", "/app.js", "/api/v1/summary", "/api/v1.json", "/?token=", "/?token=0123",
            "/api/v1/summary?token=x" })
        {
            using HttpResponseMessage answer = await site.Stranger.GetAsync(new Uri(path, UriKind.Relative), Stop);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        }
    }

    [Fact]
    public async Task PrintedAddress_GivesAStrictCookie_ThatLetsIn()
    {
        using HttpResponseMessage answer = await site.Stranger.GetAsync(site.Address, Stop);
        string cookie = answer.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(site.Token.Value, cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("token", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/summary") { Headers = { { "Cookie", cookie.Split(';')[0] } } };
        using HttpResponseMessage known = await site.Stranger.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.evil.example:5280")]
    public async Task ForeignHost_IsRefused_WhateverItKnows(string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/summary") { Headers = { Host = host } };
        using HttpResponseMessage answer = await site.Client.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    public async Task PageFromElsewhere_IsRefused_EvenOnAnotherPort(string site1)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/recordings") { Headers = { { "Sec-Fetch-Site", site1 } } };
        using HttpResponseMessage answer = await site.Client.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Write_WithoutTheHeader_Is403AndChangesNothing()
    {
        foreach (string what in new[] { "retry", "forget" })
        {
            string path = $"/api/v1/recordings/{site.Store.Hostile.Id}/{what}";
            using var content = JsonContent.Create(new { name = site.Store.Hostile.Id.Value });
            using HttpResponseMessage answer = await site.Client.PostAsync(new Uri(path, UriKind.Relative), content, Stop);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        Recording standing = (await site.Store.Account.Store.FindAsync(site.Store.Hostile.Id, Stop))!;
        Assert.Equal((RecordingStatus.Rejected, null), (standing.Status, standing.RetryRequested));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("with a beep.wav")]
    [InlineData("INTERVIEWS/with a beep.wav")]
    public async Task Forget_WithoutItsVeryName_Is400AndForgetsNothing(string? name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/recordings/{site.Store.WithAudio.Id}/forget")
        {
            Headers = { { "X-NrSer-Request", "1" } }, Content = JsonContent.Create(new { name }),
        };
        using HttpResponseMessage answer = await site.Client.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        JsonElement problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);
        Assert.StartsWith("name", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(RecordingStatus.Completed, (await site.Store.Account.Store.FindAsync(site.Store.WithAudio.Id, Stop))!.Status);
    }

    [Fact]
    public async Task Retry_OfACompletedRecording_Is409()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/recordings/{site.Store.WithAudio.Id}/retry");
        request.Headers.Add("X-NrSer-Request", "1");
        using HttpResponseMessage answer = await site.Client.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
    }

    [Theory]
    [InlineData("recordings/20260309-0123456789abcdef")]
    [InlineData("recordings/20260309-0123456789abcdef/segments")]
    [InlineData("recordings/20260309-0123456789abcdef/audio")]
    [InlineData("recordings/..%2F..%2Fsecret/timeline")]
    [InlineData("recordings/x/peaks")]
    [InlineData("recordings/x/export/vtt")]
    [InlineData("feeds/x/episodes")]
    [InlineData("nothing")]
    public async Task WhatIsNotThere_Is404(string path) => Assert.Equal(404, (await site.RefusedAsync(path)).Status);

    [Theory]
    [InlineData("summary?from=yesterday", "from")]
    [InlineData("summary?from=2026-03-02&to=2026-03-01", "from")]
    [InlineData("recordings?limit=0", "limit")]
    [InlineData("recordings?limit=1e9", "limit")]
    [InlineData("recordings?status=Fine", "status")]
    [InlineData("recordings?status=17", "status")]
    [InlineData("recordings?status=2", "status")]
    [InlineData("recordings?status=Processing,Completed", "status")]
    [InlineData("recordings/{id}/export/csv?format=vtt", "format")]
    [InlineData("recordings?sort=loudest", "sort")]
    [InlineData("recordings?cursor=AAAA", "cursor")]
    [InlineData("recordings?feed=nothing", "feed")]
    [InlineData("recordings?minTrust=1.5", "minTrust")]
    [InlineData("recordings?statsu=Failed", "statsu")]
    [InlineData("recordings/{id}/segments?minTrust=2", "minTrust")]
    [InlineData("recordings/{id}/segments?format=xml", "format")]
    [InlineData("recordings/{id}/segments?cursor=-1", "cursor")]
    [InlineData("recordings/{id}/timeline?px=0", "px")]
    [InlineData("recordings/{id}/timeline?from=NaN", "from")]
    [InlineData("recordings/{id}/timeline?from=9&to=8", "to")]
    [InlineData("recordings/{id}/peaks?perSecond=7", "perSecond")]
    [InlineData("recordings/{id}/audio?version=loud", "version")]
    [InlineData("recordings/{id}/audio?channel=-1", "channel")]
    [InlineData("recordings/{id}/timeline?px=4097", "px")]
    [InlineData("recordings/{id}/timeline?from=-1", "from")]
    [InlineData("recordings/{id}/timeline?to=Infinity", "to")]
    [InlineData("recordings/{id}/segments?limit=2001", "limit")]
    [InlineData("recordings/{id}/segments?from=604801", "from")]
    [InlineData("recordings/{id}/peaks?from=9&to=8", "to")]
    [InlineData("recordings?limit=501", "limit")]
    [InlineData("recordings?q={long}", "q")]
    [InlineData("recordings?tag={long}", "tag")]
    [InlineData("feeds/0000000000000001/episodes?status=17", "status")]
    [InlineData("query/emotions?groupBy=person", "groupBy")]
    public async Task BadQuery_Is400_AndNamesTheField(string path, string field)
    {
        (int status, JsonElement problem) = await site.RefusedAsync(path
            .Replace("{id}", site.Store.WithAudio.Id.Value, StringComparison.Ordinal)
            .Replace("{long}", new string('x', 201), StringComparison.Ordinal));
        Assert.Equal(400, status);
        Assert.NotEmpty(problem.GetProperty("errors").GetProperty(field)[0].GetString()!);
        Assert.StartsWith(field, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryAnswer_ForbidsWhatThePageDoesNotNeed()
    {
        foreach (string path in new[] { "/", "/app.js", "/api/v1/about", $"/api/v1/recordings/{site.Store.WithAudio.Id}/audio", "/nothing",
            "/api/v1/recordings/none", "/api/v1/recordings?limit=0" })
        {
            using HttpResponseMessage answer = await site.Client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead,
                Stop);
            string policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        }
    }
}
