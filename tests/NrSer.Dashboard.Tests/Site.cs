using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Playwright;
using NrSer.Dashboard.Security;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests;

/// <summary>A filled store, the server over it, a client that it knows, and a browser: one of each for all tests.</summary>
public sealed class Site : IAsyncLifetime
{
    /// <summary>Recordings that only have a row.</summary>
    public const int OrdinaryRecordings = 2_100;

    private readonly string _folder = Directory.CreateTempSubdirectory("nrser-dashboard-").FullName;
    private readonly SemaphoreSlim _starting = new(1);
    private readonly StorageEmulator _emulator = new();
    private DashboardServer? _server;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>What is stored.</summary>
    internal FilledStore Store { get; private set; } = null!;

    /// <summary>Lets people in.</summary>
    public AccessToken Token { get; } = AccessToken.Create();

    /// <summary>Without a token.</summary>
    public HttpClient Stranger { get; } = new(new SocketsHttpHandler { UseCookies = false });

    /// <summary>With the token.</summary>
    public HttpClient Client { get; } = new();

    /// <summary>What the server works with.</summary>
    public IServiceProvider Services => _server!.Services;

    /// <summary>The printed address.</summary>
    public Uri Address => _server!.Address;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        await _emulator.InitializeAsync();
        Store = await FilledStore.CreateAsync(await StorageAccount.CreateAsync(_emulator));
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            KeyValuePair.Create("NrSer:Storage:ConnectionString", (string?)Store.Account.ConnectionString),
            KeyValuePair.Create("NrSer:Dashboard:LakeFolder", (string?)_folder),
        ]).Build();
        _server = await DashboardServer.StartAsync(configuration, port: 0, mayMove: false, Token, TestContext.Current.CancellationToken);
        foreach (HttpClient client in new[] { Stranger, Client })
            client.BaseAddress = new Uri($"http://127.0.0.1:{_server.Port}/");
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Value);
    }

    /// <summary>A store with nothing in it.</summary>
    public Task<StorageAccount> EmptyStoreAsync() => StorageAccount.CreateAsync(_emulator);

    /// <summary>Asks the API.</summary>
    public Task<JsonElement> GetAsync(string path) =>
        Client.GetFromJsonAsync<JsonElement>($"api/v1/{path}", TestContext.Current.CancellationToken);

    /// <summary>Asks for what there is no right answer to.</summary>
    /// <returns>The status and the problem.</returns>
    public async Task<(int Status, JsonElement Problem)> RefusedAsync(string path)
    {
        using HttpResponseMessage answer = await Client.GetAsync(new Uri($"api/v1/{path}", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken));
    }

    /// <summary>A view in a browser that has signed in.</summary>
    public async Task<VisitedPage> OpenAsync(string path, BrowserNewContextOptions? options = null)
    {
        IBrowser browser = await BrowserAsync();
        IBrowserContext context = await browser.NewContextAsync(options);
        await context.AddCookiesAsync([new Cookie { Name = $"nrser-{Address.Port}", Value = Token.Session, Url = new Uri(Address, "/").ToString() }]);
        return await VisitedPage.OpenAsync(context, Address, path);
    }

    /// <summary>A browser as it is before anybody has signed in.</summary>
    public async Task<IPage> NewPageAsync() => await VisitedPage.NewPageAsync(await (await BrowserAsync()).NewContextAsync());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.CloseAsync();
        _playwright?.Dispose();
        Stranger.Dispose();
        Client.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        await _emulator.DisposeAsync();
        _starting.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<IBrowser> BrowserAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            return _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = Chromium(), Headless = true,
                Args =
                [
                    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                        "--disable-component-update",
                    "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions",
                ],
            });
        }
        finally
        {
            _starting.Release();
        }
    }

    private static string Chromium()
    {
        string?[] known = [Environment.GetEnvironmentVariable("NRSER_CHROMIUM"), "/usr/bin/chromium", "/usr/bin/google-chrome",
            "/usr/bin/chromium-browser"];
        return known.FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException("The page is tested in Chromium: install Debian's package chromium, or name one in NRSER_CHROMIUM.");
    }
}
