using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>Every view in light, dark and narrow: without a violation that axe knows, without a complaint of the browser, without a request to
/// anywhere else; a picture of each is kept in the folder Screenshots beside the built tests.</summary>
public sealed class AppearanceTests(Site site)
{
    private static readonly (string Name, ColorScheme Scheme, int Width)[] s_appearances =
        [("light", ColorScheme.Light, 1280), ("dark", ColorScheme.Dark, 1280), ("narrow", ColorScheme.Light, 320)];

    private static readonly RunOnlyOptions s_rules = new()
    {
        Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    };

    /// <summary>The one rule of them that looks at colours: all that dark can change, and what narrow cannot.</summary>
    private static readonly RunOnlyOptions s_colours = new() { Type = "rule", Values = ["color-contrast"] };

    [Theory]
    [InlineData("overview", ".figures")]
    [InlineData("recordings", "tbody tr:not(.space)")]
    [InlineData("recording", "tr.current")]
    [InlineData("feeds", ".empty")]
    [InlineData("about", ".quality")]
    public async Task View_EveryAppearance_IsAccessibleAndKeepsToItself(string view, string filled)
    {
        string path = view switch
        {
            "overview" => "/",
            "recording" => $"/recordings/{site.Store.WithAudio.Id}#t=62.5&v=heard",
            _ => $"/{view}",
        };
        await using VisitedPage visited = await site.OpenAsync(path, new BrowserNewContextOptions { ReducedMotion = ReducedMotion.Reduce });
        await visited.Page.Locator(filled).First.WaitForAsync();
        foreach ((string name, ColorScheme scheme, int width) in s_appearances)
        {
            await visited.Page.SetViewportSizeAsync(width, 900);
            await visited.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            await visited.PictureAsync($"{view}-{name}");
            Assert.True(
                await visited.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"),
                $"{view}, {name}: wider than the window.");
            if (name != "light" && view is not ("overview" or "recording") && Environment.GetEnvironmentVariable("NRSER_APPEARANCES") != "all")
                continue; // what these are made of, those have too
            AxeResult found = await visited.Page.RunAxe(scheme == ColorScheme.Dark ? new AxeRunOptions { RunOnly = s_colours }
                : new AxeRunOptions { RunOnly = s_rules, Rules = new() { ["color-contrast"] = new RuleOptions { Enabled = width > 320 } } });
            Assert.True(found.Violations.Length == 0, $"{view}, {name}: " + string.Join(
                '\n', found.Violations.Select(each =>
                    $"{each.Id}: {each.Help}\n  {string.Join("\n  ", each.Nodes.Take(3).Select(node => node.Html))}")));
        }

        Assert.Empty(visited.Complaints);
        Assert.All(visited.Asked, address => Assert.StartsWith(new Uri(visited.Address, "/").ToString(), address, StringComparison.Ordinal));
    }
}
