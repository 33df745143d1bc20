using System.Text.Json;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>
/// Every view in light, dark, forced colours and narrow: without a violation that axe knows, without a complaint of the browser, without a request to
/// anywhere else; a picture of each is kept in the folder Screenshots beside the built tests. All of it on one page: views follow each other by the
/// page's own links, and axe is read once.
/// </summary>
public sealed class AppearanceTests(AppearanceTests.OnePage one, Site site) : IClassFixture<AppearanceTests.OnePage>
{
    private static readonly string[] s_tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

    private static readonly string[] s_found = ["violations"];

    // The one rule that looks at colours: all that dark and forced colours can change, and what narrow cannot.
    private static readonly object s_colours = new { runOnly = new { type = "rule", values = new[] { "color-contrast" } }, resultTypes = s_found };

    private static readonly (string Name, ColorScheme Scheme, ForcedColors Forced, int Width)[] s_appearances =
    [
        ("light", ColorScheme.Light, ForcedColors.None, 1280), ("dark", ColorScheme.Dark, ForcedColors.None, 1280),
        ("forced", ColorScheme.Dark, ForcedColors.Active, 1280), ("narrow", ColorScheme.Light, ForcedColors.None, 320),
    ];

    [Theory]
    [InlineData("overview", ".figures")]
    [InlineData("recordings", "tbody tr:not(.space)")]
    [InlineData("recording", "tr.current")]
    [InlineData("feeds", "#episodes")]
    [InlineData("about", ".quality")]
    [InlineData("channels", "tr.current")]
    [InlineData("failed", ".failure")]
    [InlineData("missing", ".failure")]
    [InlineData("keys", "tr.current", "Keys")]
    [InlineData("forget", "tr.current", "Forget this recording")]
    [InlineData("table", ".figures", "As a table")]
    [InlineData("reference", "#forget td")]
    public async Task View_EveryAppearance_IsAccessibleAndKeepsToItself(string view, string filled, string? opened = null)
    {
        VisitedPage visited = one.Visited;
        IPage page = visited.Page;
        int complaints = visited.Complaints.Length;
        await page.Keyboard.PressAsync("Escape"); // what the view before had opened
        await page.EvaluateAsync("path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }", view switch
        {
            "overview" or "table" => "/",
            "recording" or "keys" or "forget" => $"/recordings/{site.Store.WithAudio.Id}#t=62.5&v=heard",
            "channels" => $"/recordings/{site.Store.Apart.Id}#t=8&c=2",
            "failed" => $"/recordings/{site.Store.Failed.Id}",
            "missing" => "/recordings/20260309-0123456789abcdef",
            "feeds" => $"/feeds?feed={site.Store.Feed.Id}",
            _ => $"/{view}",
        });
        await page.Locator(filled).First.WaitForAsync();
        if (opened is not null)
            await page.GetByText(opened, new() { Exact = true }).ClickAsync();
        foreach ((string name, ColorScheme scheme, ForcedColors forced, int width) in s_appearances)
        {
            await page.SetViewportSizeAsync(width, 900);
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme, ForcedColors = forced });
            await visited.PictureAsync($"{view}-{name}");
            Assert.True(
                await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"),
                $"{view}, {name}: wider than the window.");
            ILocator banner = page.Locator(".caution").First;
            await banner.WaitForAsync(); // the models' quality, told everywhere
            Assert.Equal(0, await banner.Locator("button, input").CountAsync()); // nothing takes it away
            if (view == "reference" && name == "forced")
                continue; // of the same parts as the others, and 40 tables of them
            string[] violations = await OnePage.ViolationsAsync(page, name is "dark" or "forced" ? s_colours : new
            {
                runOnly = new { type = "tag", values = s_tags }, resultTypes = s_found,
                rules = new Dictionary<string, object>(StringComparer.Ordinal)
                {
                    ["color-contrast"] = new { enabled = view != "reference" || name == "light" },
                },
            });
            Assert.True(violations.Length == 0, $"{view}, {name}: {string.Join('\n', violations)}");
        }

        Assert.Equal(view == "missing" ? 1 : 0, visited.Complaints.Skip(complaints).Count()); // the browser's own, of a 404
        Assert.All(visited.Asked, address => Assert.StartsWith(new Uri(visited.Address, "/").ToString(), address, StringComparison.Ordinal));
    }

    // Whoever is not let in reads that, too; on its way to the page a browser shows the address's own for a moment.
    [Fact]
    public async Task Refusal_AndTheWayIn_AreAccessible()
    {
        IPage page = await site.NewPageAsync();
        string way = await site.Stranger.GetStringAsync(site.Address, TestContext.Current.CancellationToken);
        using HttpResponseMessage refused = await site.Stranger.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(401, (int)refused.StatusCode);
        foreach ((string name, string content) in new[]
        {
            ("refused", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)),
            ("way", way.Replace("http-equiv=\"refresh\"", "", StringComparison.Ordinal)), // or it would be gone
        })
        {
            await page.SetContentAsync(content);
            await page.SetViewportSizeAsync(320, 640);
            await page.EvaluateAsync(new BundledAxeScriptProvider().GetScript());
            Assert.Empty(await OnePage.ViolationsAsync(page, new { runOnly = new { type = "tag", values = s_tags }, resultTypes = s_found }));
            Assert.NotEqual(0, await page.Locator("main h1").CountAsync());
            await VisitedPage.PictureAsync(page, name);
        }

        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Banner_WhateverIsSaidOfTheModels_StandsWhereItHasTo()
    {
        await using VisitedPage visited = await site.OpenAsync("/recordings?from=2026-01-01&to=2026-01-02");
        IPage page = visited.Page;
        ILocator banner = page.Locator(".caution");
        Assert.Contains(QualityNotice.Demonstration, await banner.InnerTextAsync(), StringComparison.Ordinal);

        await page.RouteAsync("**/api/v1/about", route => route.AbortAsync());
        await page.ReloadAsync();
        Assert.Contains("could not be found out", await banner.InnerTextAsync(), StringComparison.Ordinal);

        // Other models now: what those of before made still says so.
        await page.UnrouteAsync("**/api/v1/about");
        await page.RouteAsync("**/api/v1/about", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            string said = (await answer.TextAsync()).Replace("\"quality\":\"demonstration\"", "\"quality\":\"production\"", StringComparison.Ordinal);
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = said });
        });
        await page.GotoAsync(new Uri(visited.Address, "/about").ToString());
        await page.Locator(".quality").First.WaitForAsync();
        Assert.Equal(0, await banner.CountAsync());
        await page.GotoAsync(new Uri(visited.Address, $"/recordings/{site.Store.WithAudio.Id}").ToString());
        Assert.Contains(QualityNotice.Demonstration, await banner.InnerTextAsync(), StringComparison.Ordinal);
    }

    /// <summary>A page in a browser, and axe in it.</summary>
    public sealed class OnePage(Site site) : IAsyncLifetime
    {
        /// <summary>The page.</summary>
        public VisitedPage Visited { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            Visited = await site.OpenAsync("/about", new BrowserNewContextOptions { ReducedMotion = ReducedMotion.Reduce });
            await Visited.Page.EvaluateAsync(new BundledAxeScriptProvider().GetScript());
        }

        /// <summary>What axe finds, each in a line or some.</summary>
        public static async Task<string[]> ViolationsAsync(IPage page, object options)
        {
            JsonElement found = await page.EvaluateAsync<JsonElement>(
                "options => axe.run(document, options).then(found => found.violations)", options);
            return [.. found.EnumerateArray().Select(each => $"{each.GetProperty("id")}: {each.GetProperty("help")}\n  " + string.Join(
                "\n  ", each.GetProperty("nodes").EnumerateArray().Take(3).Select(node => node.GetProperty("html"))))];
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Visited.DisposeAsync();
    }
}
