using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Dashboard.Api;
using NrSer.Dashboard.Audio;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline;
using NrSer.Web;

namespace NrSer.Dashboard.Tests.Security;

/// <summary>The host in Azure: who is let in by what the platform says of them, and who is not. What the platform does, no test here
/// shows.</summary>
public sealed class PlatformSignInTests(Site site, PlatformSignInTests.Hosts hosts) : IClassFixture<PlatformSignInTests.Hosts>
{
    private const string OwnName = "ca-web-x.somewhere.example.net";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("no Base64!")]
    [InlineData("bm90IEpTT04=")] // not JSON
    [InlineData("W10=")] // []
    [InlineData("eyJjbGFpbXMiOlt7InR5cCI6InJvbGVzIiwidmFsIjoiT3BlcmF0b3IifV19")] // a role, and nobody who says so
    public async Task NoPrincipal_Is401_EverywhereButForTheProbe(string? principal)
    {
        foreach (string path in new[] { "/", "/app.js", "/api/v1/summary", "/api/v1.json", "/?token=x" })
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(hosts.On, HttpMethod.Get, path, principal)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(hosts.On, HttpMethod.Get, "/healthz", principal, host: "10.0.0.7:8080")).Status);
    }

    [Fact]
    public async Task PrincipalOfAnotherProvider_OrWithoutARole_IsNotLetIn()
    {
        string foreign = PrincipalOf("Operator", provider: "github");
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(hosts.On, HttpMethod.Get, "/", foreign)).Status);
        foreach (string role in new[] { "Owner", "reader", "" })
        {
            (HttpStatusCode status, string said) = await AskAsync(hosts.On, HttpMethod.Get, "/api/v1/summary", PrincipalOf(role));
            Assert.Equal(HttpStatusCode.Forbidden, status);
            Assert.Contains("no role", said, StringComparison.Ordinal);
        }

        // A role is a claim of that type alone: nobody can be called Operator.
        string named = PrincipalOf("Operator", type: "name"), otherwise = PrincipalOf("Reader", type: "urn:role", roleType: "urn:role");
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(hosts.On, HttpMethod.Get, "/", named)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(hosts.On, HttpMethod.Get, "/", otherwise)).Status);
    }

    [Theory]
    [InlineData("Reader", "GET", "summary", 200)]
    [InlineData("Reader", "GET", "recordings/{id}/segments", 200)]
    [InlineData("Reader", "GET", "recordings/{id}/peaks", 200)]
    [InlineData("Reader", "GET", "recordings/{id}/audio", 403)]
    [InlineData("Reader", "HEAD", "recordings/{id}/audio?version=heard", 403)]
    [InlineData("Reader", "POST", "recordings/{id}/retry", 403)]
    [InlineData("Reader", "POST", "recordings/{id}/forget", 403)]
    [InlineData("Listener", "GET", "summary", 200)]
    [InlineData("Listener", "HEAD", "recordings/{id}/audio", 200)]
    [InlineData("Listener", "POST", "recordings/{id}/retry", 403)]
    [InlineData("Listener", "POST", "recordings/{id}/forget", 403)]
    [InlineData("Operator", "GET", "summary", 200)]
    [InlineData("Operator", "GET", "recordings/{id}/audio", 403)] // to look after work is not to listen
    [InlineData("Operator", "POST", "recordings/{id}/retry", 409)] // let in; it has ended well
    [InlineData("Operator", "POST", "recordings/{id}/forget", 400)] // let in; that is not its name
    public async Task Role_OpensItsOwnEndpoints(string role, string method, string path, int expected)
    {
        string address = $"/api/v1/{path.Replace("{id}", site.Store.WithAudio.Id.Value, StringComparison.Ordinal)}";
        (HttpStatusCode status, string said) = await AskAsync(hosts.On, new HttpMethod(method), address, PrincipalOf(role));
        Assert.Equal(expected, (int)status);
        if (expected == 403 && method != "HEAD")
            Assert.Contains("needs the role", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recording_ForAReader_SaysThatListeningTakesAnotherRole()
    {
        (_, string said) = await AskAsync(hosts.On, HttpMethod.Get, $"/api/v1/recordings/{site.Store.WithAudio.Id}", PrincipalOf("Reader"));
        JsonElement answer = JsonDocument.Parse(said).RootElement;
        Assert.Equal("none", answer.GetProperty("audio").GetProperty("original").GetString());
        Assert.Contains("role Listener", answer.GetProperty("audio").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.False(answer.GetProperty("mayOperate").GetBoolean());
    }

    // Where the platform signs nobody in, it takes nothing away either: anybody can write such a header.
    [Fact]
    public async Task ForgedPrincipal_WithThePlatformsSignInOff_Is401()
    {
        foreach (string path in new[] { "/", "/api/v1/summary", $"/api/v1/recordings/{site.Store.WithAudio.Id}/audio" })
        {
            (HttpStatusCode status, string said) = await AskAsync(hosts.Off, HttpMethod.Get, path, PrincipalOf("Operator"));
            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.Contains("not set up", said, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(OwnName, 200)]
    [InlineData("heard.example.org", 200)]
    [InlineData("evil.example", 400)]
    [InlineData("127.0.0.1", 400)]
    [InlineData("somewhere.example.net", 400)]
    [InlineData("x.heard.example.org", 400)]
    public async Task Host_OfAnotherName_IsRefused(string host, int expected) => Assert.Equal(
        expected, (int)(await AskAsync(hosts.On, HttpMethod.Get, "/api/v1/about", PrincipalOf("Reader"), host)).Status);

    // Whoever has the role may be lured to another page, which asks in their name.
    [Theory]
    [InlineData("POST", "retry", null, null)]
    [InlineData("POST", "forget", null, null)]
    [InlineData("POST", "forget", "", null)]
    [InlineData("POST", "forget", "1", "cross-site")]
    [InlineData("POST", "retry", "1", "same-site")]
    [InlineData("GET", "segments", "1", "cross-site")]
    public async Task Operator_LuredToAnotherPage_ChangesAndTellsNothing(string method, string what, string? header, string? fetchSite)
    {
        (HttpStatusCode status, string said) = await AskAsync(
            hosts.On, new HttpMethod(method), $"/api/v1/recordings/{site.Store.Failed.Id}/{what}", PrincipalOf("Operator"), OwnName, header,
            fetchSite);
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains(fetchSite is null ? "X-NrSer-Request" : "Only the page of this server", said, StringComparison.Ordinal);
        Assert.Equal(RecordingStatus.Failed, (await site.Store.Account.Store.FindAsync(site.Store.Failed.Id, Stop))!.Status);
    }

    // In Azure there are endpoints and an identity, and no queue that this host may use.
    [Fact]
    public async Task Services_WithEndpointsAlone_AreMade()
    {
        await using WebApplication app = Program.Build(new ConfigurationBuilder().AddInMemoryCollection(
        [
            KeyValuePair.Create("NrSer:Storage:BlobEndpoint", (string?)"https://work.blob.core.windows.net"),
            KeyValuePair.Create("NrSer:Storage:ResultsBlobEndpoint", (string?)"https://results.blob.core.windows.net"),
            KeyValuePair.Create("NrSer:Storage:TableEndpoint", (string?)"https://results.table.core.windows.net"),
        ]).Build());
        Assert.All(
            [typeof(TrackReader), typeof(ForgetRequests), typeof(EmotionQuery)], type => Assert.NotNull(app.Services.GetRequiredService(type)));
    }

    [Fact]
    public async Task Main_WithoutAName_EndsWithAWayOut() => Assert.Equal(3, await Program.Main([]));

    private static string PrincipalOf(string role, string provider = "aad", string type = "roles", string roleType = "urn:other") =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new
        {
            auth_typ = provider, name_typ = "name", role_typ = roleType,
            claims = new[] { new { typ = "name", val = "Somebody" }, new { typ = type, val = role } },
        })));

    private static async Task<(HttpStatusCode Status, string Said)> AskAsync(
        WebApplication server, HttpMethod method, string path, string? principal, string host = OwnName, string? header = "1",
        string? fetchSite = null)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(server.Urls.Single()) };
        using var request = new HttpRequestMessage(method, path) { Headers = { Host = host } };
        if (principal is not null)
            request.Headers.Add("X-MS-CLIENT-PRINCIPAL", principal);
        if (header is not null)
            request.Headers.Add("X-NrSer-Request", header);
        if (fetchSite is not null)
            request.Headers.Add("Sec-Fetch-Site", fetchSite);
        if (method == HttpMethod.Post)
            request.Content = JsonContent.Create(new { name = "another" });
        using HttpResponseMessage answer = await client.SendAsync(request, Stop);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    /// <summary>The host with the platform's sign-in before it, and without.</summary>
    public sealed class Hosts(Site site) : IAsyncLifetime
    {
        public WebApplication On { get; } = Of(site, signIn: true);

        public WebApplication Off { get; } = Of(site, signIn: false);

        public async ValueTask InitializeAsync()
        {
            await On.StartAsync(Stop);
            await Off.StartAsync(Stop);
        }

        public async ValueTask DisposeAsync()
        {
            await On.DisposeAsync();
            await Off.DisposeAsync();
        }

        private static WebApplication Of(Site site, bool signIn) => Program.Build(new ConfigurationBuilder().AddInMemoryCollection(
        [
            KeyValuePair.Create("urls", (string?)"http://127.0.0.1:0"), KeyValuePair.Create("Logging:LogLevel:Default", (string?)"Error"),
            KeyValuePair.Create("CONTAINER_APP_NAME", (string?)"ca-web-x"),
            KeyValuePair.Create("CONTAINER_APP_ENV_DNS_SUFFIX", (string?)"somewhere.example.net"),
            KeyValuePair.Create("NrSer:Web:PlatformAuthentication", (string?)signIn.ToString()),
            KeyValuePair.Create("NrSer:Web:Domains", (string?)"heard.example.org"),
            KeyValuePair.Create("NrSer:Storage:ConnectionString", (string?)site.Store.Account.ConnectionString),
        ]).Build());
    }
}
