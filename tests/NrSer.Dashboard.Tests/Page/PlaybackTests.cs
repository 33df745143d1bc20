using System.Globalization;
using Microsoft.Playwright;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>What a person hears on the page of a recording, and what is not there to be heard.</summary>
public sealed class PlaybackTests(Site site)
{
    private string Path => $"/recordings/{site.Store.WithAudio.Id}";

    [Fact]
    public async Task Play_WhereTheOtherVersionDoesNotCome_GoesOnWithThisOne()
    {
        await using VisitedPage visited = await site.OpenAsync($"{Path}#t=10");
        IPage page = visited.Page;
        await page.RouteAsync("**/audio?version=heard*", route => route.FulfillAsync(new RouteFulfillOptions
        {
            Status = 503, ContentType = "application/problem+json", Body = """{"detail":"The network rests."}""",
        }));
        await page.Locator("tr.current").WaitForAsync();
        await page.EvaluateAsync("() => document.activeElement.blur()");
        await page.Keyboard.PressAsync(" ");
        await PlaysPastAsync(page, 13);
        await page.Keyboard.PressAsync("a"); // now somebody wants it
        await page.GetByText("The network rests.").WaitForAsync();
        await page.Keyboard.PressAsync("a");
        await page.Keyboard.PressAsync(" ");
        await PlaysPastAsync(page, 15);
        Assert.Equal(0, await page.GetByText("The network rests.").CountAsync());
    }

    [Fact]
    public async Task Play_WhereABlockIsLate_WaitsThereAndSaysSo_AndASeekLeavesIt()
    {
        await using VisitedPage visited = await site.OpenAsync($"{Path}#t=10");
        IPage page = visited.Page;
        var late = new TaskCompletionSource();
        int ended = 0;
        await page.RouteAsync("**/audio?**", async route =>
        {
            long from = long.Parse(route.Request.Headers["range"].Split('=', '-')[1], CultureInfo.InvariantCulture);
            if (from == 44 + (12 * 32_000))
                await late.Task;
            else if (from == 44 + (60 * 32_000))
                return; // never
            await route.ContinueAsync();
        });
        page.RequestFailed += (_, _) => Interlocked.Increment(ref ended);
        await page.Locator("tr.current").WaitForAsync();
        await page.EvaluateAsync("() => document.activeElement.blur()");
        await page.Keyboard.PressAsync(" ");
        await page.GetByText("Fetching…").WaitForAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('.time').textContent.startsWith('0:12.0')"); // and no further than was heard
        late.SetResult();
        await PlaysPastAsync(page, 12.3);

        await page.EvaluateAsync("() => { location.hash = '#t=60'; }");
        await page.GetByText("Fetching…").WaitForAsync();
        await page.EvaluateAsync("() => { location.hash = '#t=100'; }");
        await PlaysPastAsync(page, 105); // more than what the first request of the new place gives
        Assert.InRange(Volatile.Read(ref ended), 2, int.MaxValue); // what nobody waits for holds no connection
    }

    [Fact]
    public async Task Link_ToWhatIsYetToBeMadeAgain_WaitsForIt()
    {
        Recording faded = await site.Store.FadedAsync(10_013);
        await using VisitedPage visited = await site.OpenAsync($"/recordings/{faded.Id}#t=3&v=heard");
        IPage page = visited.Page;
        await page.GetByText("The link asks for what the model heard.").WaitForAsync();
        await page.EvaluateAsync("() => document.activeElement.blur()");
        await page.Keyboard.PressAsync("ArrowRight");
        await page.WaitForFunctionAsync("() => location.hash === '#t=5&v=heard'");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make it again" }).ClickAsync();
        ILocator heard = page.GetByRole(AriaRole.Button, new() { Name = "Heard by the model" });
        await page.WaitForFunctionAsync("e => e.getAttribute('aria-pressed') === 'true'", await heard.ElementHandleAsync());
    }

    private static async Task PlaysPastAsync(IPage page, double seconds) => await page.WaitForFunctionAsync(
        """
        seconds => {
          const [m, s] = document.querySelector('.time').textContent.split('/')[0].trim().split(':').map(Number);
          return m * 60 + s > seconds && !document.querySelector('.stage [role=status].muted');
        }
        """, seconds);

    [Fact]
    public async Task Play_FromALink_SoundsAndMovesOn()
    {
        await using VisitedPage visited = await site.OpenAsync($"{Path}#t=149");
        IPage page = visited.Page;
        await page.Locator("tr.current").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Play" }).ClickAsync();
        await PlaysPastAsync(page, 149.4);
        await page.GetByRole(AriaRole.Button, new() { Name = "Heard by the model" }).ClickAsync(); // in place: it goes on playing
        await PlaysPastAsync(page, 149.9);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        Assert.Empty(visited.Complaints);
        string[] audio = [.. visited.Asked.Where(address => address.Contains("/audio?", StringComparison.Ordinal))];
        Assert.Contains(audio, address => address.Contains("version=original", StringComparison.Ordinal));
        Assert.Contains(audio, address => address.Contains("version=heard", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Audio_WhoseUploadIsGoneToo_IsGreyedWithTheReason()
    {
        await using VisitedPage visited = await site.OpenAsync($"/recordings/{site.Store.Silent.Id}");
        ILocator play = visited.Page.GetByRole(AriaRole.Button, new() { Name = "Play" });
        await play.WaitForAsync();
        Assert.True(await play.IsDisabledAsync());
        Assert.True(await visited.Page.GetByRole(AriaRole.Button, new() { Name = "Heard by the model" }).IsDisabledAsync());
        Assert.Contains("upload is gone", await visited.Page.Locator(".stage .note").First.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await visited.Page.GetByRole(AriaRole.Button, new() { Name = "Make it again" }).CountAsync());
    }

    [Fact]
    public async Task Heard_ThatIsGone_IsGreyedUntilItIsMadeAgain_InPlace()
    {
        Recording faded = await site.Store.FadedAsync(10_010);
        await using VisitedPage visited = await site.OpenAsync($"/recordings/{faded.Id}#t=3");
        ILocator heard = visited.Page.GetByRole(AriaRole.Button, new() { Name = "Heard by the model" });
        await visited.Page.Locator("tr.current").WaitForAsync();
        Assert.True(await heard.IsDisabledAsync());
        Assert.Contains("kept for a while only", await visited.Page.Locator(".stage .note").First.InnerTextAsync(), StringComparison.Ordinal);
        await visited.TabToAsync("Make it again"); // by the keyboard alone
        await visited.Page.Keyboard.PressAsync("Enter");
        await visited.Page.GetByText("is made again where you play it").WaitForAsync();
        await visited.TabToAsync("Heard by the model");
        await visited.Page.Keyboard.PressAsync("Enter");
        Assert.Equal("true", await heard.GetAttributeAsync("aria-pressed"));
        Assert.Contains("0:03.0", await visited.Page.Locator(".time").InnerTextAsync(), StringComparison.Ordinal); // where it was
        await visited.Page.GetByRole(AriaRole.Button, new() { Name = "Play" }).ClickAsync();
        await PlaysPastAsync(visited.Page, 3.2);
        var blobs = new ChunkBlobs(site.Store.Account.Blobs);
        Assert.True(await blobs.HasEnhancedAsync(new ChunkId(faded.Id, 0, 0), TestContext.Current.CancellationToken));
        Assert.Empty(visited.Complaints);
    }

    [Fact]
    public async Task Channels_KeptApart_AreChosenByKeyboardAndStayInTheLink()
    {
        await using VisitedPage visited = await site.OpenAsync($"/recordings/{site.Store.Apart.Id}#t=20.5");
        IPage page = visited.Page;
        await page.Locator("tr.current").WaitForAsync();
        string first = await page.Locator("tr.current").InnerTextAsync();
        await visited.TabToAsync("Channel");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.WaitForFunctionAsync("before => document.querySelector('tr.current')?.innerText !== before", first);
        Assert.StartsWith("0:20.5", await page.Locator(".time").InnerTextAsync(), StringComparison.Ordinal); // it stays where it was
        Segment shown = GeneratedResults.Segments(site.Store.Apart).Single(segment => segment is { Channel: 1, StartSeconds: 20 });
        string score = shown.SnrScore.ToString("F2", CultureInfo.InvariantCulture);
        Assert.Contains(score, await page.Locator("tr.current").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await page.Locator(".exports a:not([href*='channel=1'])").CountAsync());

        await page.EvaluateAsync("() => document.activeElement.blur()");
        await page.Keyboard.PressAsync(" ");
        await PlaysPastAsync(page, 20.7);
        await page.Keyboard.PressAsync(" ");
        Assert.All(
            visited.Asked.Where(address => address.Contains("/audio?", StringComparison.Ordinal)),
            address => Assert.EndsWith("channel=1", address, StringComparison.Ordinal));
        await page.WaitForFunctionAsync("() => location.hash.endsWith('&c=2')");
        await page.ReloadAsync();
        await page.Locator("tr.current").WaitForAsync();
        Assert.Equal("1", await page.GetByLabel("Channel").InputValueAsync());
        Assert.Empty(visited.Complaints);
    }
}
