using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>What a person does on the page of a recording.</summary>
public sealed class RecordingViewTests(Site site)
{
    private string Path => $"/recordings/{site.Store.WithAudio.Id}";

    [Fact]
    public async Task PrintedAddress_Opened_LeadsInAndLeavesNoTokenBehind()
    {
        IPage page = await site.NewPageAsync();
        await page.GotoAsync(site.Address.ToString(), new PageGotoOptions { WaitUntil = WaitUntilState.Commit });
        await page.Locator("header nav").WaitForAsync(); // which the page that lets in has not
        Assert.Equal(new Uri(site.Address, "/").ToString(), page.Url);
        Assert.Equal("", await page.EvaluateAsync<string>("() => document.cookie")); // no script can read it
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Address_WithPlaceAndVersion_OpensThere()
    {
        await using VisitedPage visited = await site.OpenAsync($"{Path}#t=150.25&v=heard");
        await visited.Page.Locator("tr.current").WaitForAsync();
        Assert.Contains("2:30.3", await visited.Page.Locator(".time").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal("true", await visited.Page.GetByRole(AriaRole.Button, new() { Name = "Heard by the model" }).GetAttributeAsync("aria-pressed"));
        Assert.Equal(
            "2 minutes 30 seconds of 3 minutes",
            (await visited.Page.GetByRole(AriaRole.Slider).GetAttributeAsync("aria-valuetext"))!.Split(',')[0]);
    }

    // What the model heard is half as loud here: half as high on the picture, before what was recorded.
    [Fact]
    public async Task Picture_OfWhatWasHeard_IsDrawnOverWhatWasRecorded()
    {
        await using VisitedPage visited = await site.OpenAsync($"{Path}#t=62.5");
        IPage page = visited.Page;
        await page.Locator("tr.current").WaitForAsync();
        string key = await page.Locator(".key.wave").InnerTextAsync();
        await page.WaitForFunctionAsync($"() => ({Wave})()[0] > 1000");
        int[] recorded = await page.EvaluateAsync<int[]>(Wave);
        await page.EvaluateAsync("() => document.activeElement.blur()");
        await page.Keyboard.PressAsync("a");
        await page.WaitForFunctionAsync($"whole => ({Wave})()[0] > whole / 4 && ({Wave})()[0] < whole * 3 / 4", recorded[0]);
        int[] heard = await page.EvaluateAsync<int[]>(Wave);
        Assert.Equal("as it was recorded", key);
        Assert.Equal(["as the model heard it", "as it was recorded"], await page.Locator(".key.wave").AllInnerTextsAsync());
        Assert.Contains("as the model heard it", await page.Locator(".lanes canvas").GetAttributeAsync("aria-label"), StringComparison.Ordinal);
        Assert.InRange(heard[0] + heard[1], recorded[0] * 0.9, (recorded[0] + recorded[1]) * 1.1); // the pale part is what was taken away
        await visited.PictureAsync("recording-heard");
        Assert.Empty(visited.Complaints);
    }

    // Pixels in the lane of sound: of the wave's full colour, and pale ones of it.
    private const string Wave =
        """
        () => {
          const c = document.querySelector('.lanes canvas'), top = Math.round(34 * c.height / 282), tall = Math.round(60 * c.height / 282);
          const copy = new OffscreenCanvas(c.width, tall).getContext('2d', { willReadFrequently: true });
          copy.drawImage(c, 0, -top);
          const data = copy.getImageData(0, 0, c.width, tall).data;
          const probe = document.createElement('span');
          probe.style.color = 'var(--wave)';
          document.body.append(probe);
          const wave = getComputedStyle(probe).color.match(/\d+/g).map(Number);
          probe.remove();
          let full = 0, pale = 0;
          for (let at = 0; at < data.length; at += 4)
            if ([0, 1, 2].every(i => Math.abs(data[at + i] - wave[i]) < 6)) data[at + 3] === 255 ? full++ : data[at + 3] > 60 && pale++;
          return [full, pale];
        }
        """;

    [Fact]
    public async Task Picture_ByKeys_ZoomsWithinItsLimitsAndMoves()
    {
        await using VisitedPage visited = await site.OpenAsync(Path);
        IPage page = visited.Page;
        await page.Locator("tbody tr:not(.space)").First.WaitForAsync();
        ILocator sight = page.GetByRole(AriaRole.Group, new() { Name = "View" }).Locator("span.muted");
        Assert.Equal("0:00 – 3:00", await sight.InnerTextAsync());
        for (int press = 0; press < 12; press++)
            await page.Keyboard.PressAsync("+");
        Assert.Equal("0:00.0 – 0:01.0", await sight.InnerTextAsync()); // a second, and no less
        await visited.TabToAsync("Later");
        await page.Keyboard.PressAsync("Enter");
        Assert.Equal("0:00.8 – 0:01.8", await sight.InnerTextAsync());
        for (int press = 0; press < 12; press++)
            await page.Keyboard.PressAsync("-");
        Assert.Equal("0:00 – 3:00", await sight.InnerTextAsync()); // all of it, and no more

        foreach ((string button, string expected) in new[]
            { ("Zoom in", "0:00 – 1:30"), ("Later", "1:12 – 2:42"), ("Earlier", "0:00 – 1:30"), ("Zoom out", "0:00 – 3:00"),
                ("Zoom in", "0:00 – 1:30"), ("All", "0:00 – 3:00") })
        {
            await page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).FocusAsync();
            await page.Keyboard.PressAsync("Enter");
            Assert.Equal(expected, await sight.InnerTextAsync());
        }

        await visited.TabToAsync("Go to");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter"); // the second row's
        Assert.StartsWith("0:04.0", await page.Locator(".time").InnerTextAsync(), StringComparison.Ordinal);
        await page.GetByLabel("follow the player").FocusAsync();
        await page.Keyboard.PressAsync(" ");
        Assert.False(await page.GetByLabel("follow the player").IsCheckedAsync());
        await visited.TabToAsync("Copy link");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForFunctionAsync("() => document.querySelector('.now [role=status]').innerText.length > 0"); // to be seen, too

        await page.GetByRole(AriaRole.Slider).FocusAsync();
        await page.Keyboard.PressAsync("Home");
        foreach ((string press, string expected) in new[]
            { ("PageUp", "1:00.0"), ("PageDown", "0:00.0"), ("ArrowRight", "0:02.0"), ("ArrowUp", "0:04.0"), ("ArrowLeft", "0:02.0"),
                ("ArrowDown", "0:00.0"), ("End", "3:00.0") })
        {
            await page.Keyboard.PressAsync(press);
            Assert.StartsWith(expected, await page.Locator(".time").InnerTextAsync(), StringComparison.Ordinal);
        }

        await page.Keyboard.PressAsync("[");
        string last = await page.Locator("tr.current").InnerTextAsync();
        Assert.Contains("unsure", last, StringComparison.Ordinal);
        await page.Keyboard.PressAsync("[");
        Assert.NotEqual(last, await page.Locator("tr.current").InnerTextAsync());
        await page.Keyboard.PressAsync("]");
        Assert.Equal(last, await page.Locator("tr.current").InnerTextAsync());
        await page.Keyboard.PressAsync("Home");
        Assert.StartsWith("0:00.0", await page.Locator(".time").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(visited.Complaints);
    }

    [Fact]
    public async Task Name_ThatMeansHarm_IsText()
    {
        foreach (string path in new[] { "/recordings?q=onerror", $"/recordings/{site.Store.Hostile.Id}" })
        {
            await using VisitedPage visited = await site.OpenAsync(path,
                new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 320, Height = 800 } });
            ILocator name = visited.Page.Locator("bdi").Filter(new() { HasText = "onerror" }).First;
            await name.WaitForAsync();
            string shown = await name.InnerTextAsync();
            Assert.Contains("<img src=x onerror=", shown, StringComparison.Ordinal);
            Assert.Contains("⟨202E⟩gpj.⟨200B⟩", shown, StringComparison.Ordinal);
            Assert.Equal(0, await visited.Page.Locator("img[src='x'], main script").CountAsync());
            Assert.DoesNotContain("owned", (await visited.Page.TitleAsync()).Split("onerror")[0], StringComparison.Ordinal);
            Assert.True(await visited.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"), path);
            Assert.Empty(visited.Complaints);
        }
    }

    [Fact]
    public async Task Forget_TakesTheNameTyped_AndLeavesATombstone()
    {
        Recording faded = await site.Store.FadedAsync(10_011);
        await using VisitedPage visited = await site.OpenAsync($"/recordings/{faded.Id}");
        IPage page = visited.Page;
        await page.GetByText("Forget this recording").WaitForAsync();
        await visited.TabToAsync("Forget this recording"); // by the keyboard alone
        await page.Keyboard.PressAsync("Enter");
        await visited.TabToAsync("To go on, type its name");
        await page.Keyboard.TypeAsync("faded");
        Assert.True(await page.GetByRole(AriaRole.Button, new() { Name = "Forget it for good" }).IsDisabledAsync());
        await page.Keyboard.TypeAsync(faded.BlobName!["faded".Length..]);
        await visited.PictureAsync("forget");
        await visited.TabToAsync("Forget it for good");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("It was forgotten").WaitForAsync();
        Assert.Equal(0, await page.GetByText(faded.BlobName!).CountAsync());
        Assert.Equal(0, await page.GetByText("Forget this recording").CountAsync());
        CancellationToken stop = TestContext.Current.CancellationToken;
        Assert.Equal(RecordingStatus.Forgotten, (await site.Store.Account.Store.FindAsync(faded.Id, stop))!.Status);
        foreach (string path in new[] { "segments", "peaks", "timeline", "audio", "export/csv" }) // before Sweep has deleted anything
            Assert.Equal(410, (await site.RefusedAsync($"recordings/{faded.Id}/{path}")).Status);
        ForgottenStore forgotten = site.Services.GetRequiredService<ForgottenStore>();
        Assert.True(await forgotten.RequestsAsync(stop).AnyAsync(request => request.Id == faded.Id, stop));
        Assert.Empty(visited.Complaints);
    }

    [Fact]
    public async Task Retry_OfAFailedRecording_IsAskedForOnce()
    {
        await using VisitedPage visited = await site.OpenAsync($"/recordings/{site.Store.Failed.Id}");
        await visited.Page.GetByRole(AriaRole.Button, new() { Name = "Start again" }).WaitForAsync();
        await visited.TabToAsync("Start again");
        await visited.Page.Keyboard.PressAsync("Enter");
        await visited.Page.GetByText("It will be started again").WaitForAsync();
        Assert.True((await site.Store.Account.Store.FindAsync(site.Store.Failed.Id, TestContext.Current.CancellationToken))!.RetryRequested);
    }

    [Fact]
    public async Task Recordings_ScrolledAndSearched_ShowWhatTheAddressSays()
    {
        string day = FilledStore.LongDay.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        await using VisitedPage visited = await site.OpenAsync($"/recordings?from={day}&to={day}&sort=oldest");
        IPage page = visited.Page;
        await page.Locator("tbody tr:not(.space)").First.WaitForAsync();
        Assert.InRange(await page.Locator("tbody tr").CountAsync(), 10, 80); // of 2,100
        await page.WaitForFunctionAsync(
            """
            () => {
              const box = document.querySelector('.scroll');
              box.scrollTop = box.scrollHeight;
              return document.querySelector('p[role=status]').textContent.startsWith('2,100');
            }
            """);
        await visited.TabToAsync("Name or id contains"); // from here on by the keyboard alone
        await page.Keyboard.TypeAsync("episode-002099");
        await page.GetByText("1 recording", new() { Exact = true }).WaitForAsync();
        Assert.Contains("q=episode-002099", page.Url, StringComparison.Ordinal);
        await page.ReloadAsync();
        await page.Locator("tbody a").First.WaitForAsync();
        Assert.EndsWith("episode-002099.mp3", await page.Locator("tbody a").First.InnerTextAsync(), StringComparison.Ordinal);
        await visited.TabToAsync("episode-002099");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("h1 bdi").WaitForAsync();
        Assert.EndsWith("episode-002099.mp3", await page.Locator("h1").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tag_OfARecording_LeadsToAllThatHaveIt()
    {
        await using VisitedPage visited = await site.OpenAsync(Path);
        await visited.Page.Locator(".facts .tag").Filter(new() { HasText = "Radio" }).ClickAsync();
        await visited.Page.GetByText("1 recording", new() { Exact = true }).WaitForAsync();
        Assert.EndsWith("?tag=Radio", visited.Page.Url, StringComparison.Ordinal);
        Assert.Equal("Radio", await visited.Page.GetByLabel("Tag").InputValueAsync());
        Assert.Equal("an interview, Radio", await visited.Page.Locator("tbody .tags").InnerTextAsync());
        Assert.Empty(visited.Complaints);
    }
}
