using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Testing;

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
        await page.Locator("main h1").WaitForAsync(new LocatorWaitForOptions { Timeout = 180_000 });
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

    [Fact]
    public async Task Keyboard_Alone_ReachesEveryFunction()
    {
        await using VisitedPage visited = await site.OpenAsync(Path);
        IPage page = visited.Page;
        await page.Locator("tbody tr:not(.space)").First.WaitForAsync();

        // Tab comes to everything that can be operated, in the order of the page, and nowhere is a trap.
        var reached = new List<string>();
        for (int press = 0; press < 120; press++)
        {
            await page.Keyboard.PressAsync("Tab");
            string at = await page.EvaluateAsync<string>(
                """
                () => {
                  const e = document.activeElement;
                  return e === document.body ? '' : `${e.tagName} ${e.getAttribute('aria-label') ?? e.textContent.trim().slice(0, 40)}`;
                }
                """);
            if (at.Length == 0 || (reached.Count > 0 && at == reached[0]))
                break;
            reached.Add(at);
        }

        foreach (string name in new[] { "Skip to content", "Overview", "Play", "Recorded", "Heard by the model", "Zoom in", "Keys",
            "Position in the recording", "Later",
            "Copy link", "Segments", "Go to", "CSV", "Praat", "Forget this recording" })
            Assert.Contains(reached, at => at.Contains(name, StringComparison.Ordinal));

        // The keys of the player.
        await page.EvaluateAsync("() => document.activeElement.blur()");
        await page.Keyboard.PressAsync("l");
        Assert.StartsWith("0:10.0", await page.Locator(".time").InnerTextAsync(), StringComparison.Ordinal);
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.StartsWith("0:12.0", await page.Locator(".time").InnerTextAsync(), StringComparison.Ordinal);
        await page.Keyboard.PressAsync("j");
        Assert.StartsWith("0:02.0", await page.Locator(".time").InnerTextAsync(), StringComparison.Ordinal);
        await page.Keyboard.PressAsync("]");
        Assert.Contains("unsure", await page.Locator("tr.current").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("Why no emotion is reported", await page.Locator(".now").InnerTextAsync(), StringComparison.Ordinal);
        await page.Keyboard.PressAsync("a");
        Assert.Equal("true", await page.GetByRole(AriaRole.Button, new() { Name = "Heard by the model" }).GetAttributeAsync("aria-pressed"));
        await page.Keyboard.PressAsync(" ");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).WaitForAsync();
        await page.Keyboard.PressAsync("k");
        await page.GetByRole(AriaRole.Button, new() { Name = "Play" }).WaitForAsync();

        // Help opens, keys can be turned off there, and Escape closes it.
        await page.Keyboard.PressAsync("?");
        await page.GetByRole(AriaRole.Dialog).WaitForAsync();
        await page.GetByLabel("use these keys").FocusAsync();
        await page.Keyboard.PressAsync(" ");
        await page.Keyboard.PressAsync("Escape");
        string before = await page.Locator(".time").InnerTextAsync();
        await page.Keyboard.PressAsync("l");
        Assert.Equal(before, await page.Locator(".time").InnerTextAsync());

        // The way to the other views, and what they have.
        await visited.TabToAsync("Overview");
        await page.Keyboard.PressAsync("Enter");
        await visited.TabToAsync("7 days");
        await page.Keyboard.PressAsync(" ");
        Assert.Equal("true", await page.GetByRole(AriaRole.Button, new() { Name = "7 days" }).GetAttributeAsync("aria-pressed"));
    }

    // Nothing that can be operated is out of the keyboard's reach, whatever the page shows.
    [Theory]
    [InlineData("/")]
    [InlineData("/recordings")]
    [InlineData("/recordings/{audio}")]
    [InlineData("/recordings/{apart}")]
    [InlineData("/recordings/{faded}")]
    [InlineData("/recordings/{failed}")]
    [InlineData("/recordings/{silent}")]
    [InlineData("/feeds?feed={feed}")]
    [InlineData("/about")]
    [InlineData("/reference")]
    public async Task Tab_OfAnyView_ComesToEverythingThatCanBeOperated(string path)
    {
        Dictionary<string, string> ids = new(StringComparer.Ordinal)
        {
            ["{audio}"] = site.Store.WithAudio.Id.Value, ["{apart}"] = site.Store.Apart.Id.Value, ["{failed}"] = site.Store.Failed.Id.Value,
            ["{silent}"] = site.Store.Silent.Id.Value, ["{feed}"] = site.Store.Feed.Id,
            ["{faded}"] = path.Contains("{faded}", StringComparison.Ordinal) ? (await site.Store.FadedAsync(10_012)).Id.Value : "",
        };
        await using VisitedPage visited = await site.OpenAsync(ids.Aggregate(path, (known, id) =>
            known.Replace(id.Key, id.Value, StringComparison.Ordinal)));
        IPage page = visited.Page;
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        int count = await page.EvaluateAsync<int>(
            """
            () => {
              window.left = new Set([...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
                .filter(e => !e.disabled && e.checkVisibility() && !e.closest('[aria-rowindex]'))); // rows come and go
              document.addEventListener('focusin', event => window.left.delete(event.target), true);
              return window.left.size;
            }
            """);
        for (int press = 0; press < 400 && await page.EvaluateAsync<bool>("() => window.left.size > 0"); press++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<bool>( // past the rows of a list, which may be thousands
                "() => document.activeElement.textContent === 'Skip the table'"))
            {
                await page.Keyboard.PressAsync("Tab"); // the table itself is come to
                await page.Keyboard.PressAsync("Shift+Tab");
                await page.Keyboard.PressAsync("Enter");
            }
        }

        Assert.Empty(await page.EvaluateAsync<string[]>("() => [...window.left].map(e => e.outerHTML.slice(0, 120))"));
        Assert.InRange(count, 8, 400);
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

    [Fact]
    public async Task Skip_ToContent_LeavesPlaceAndChannel()
    {
        await using VisitedPage visited = await site.OpenAsync($"/recordings/{site.Store.Apart.Id}#t=20.5&v=original&c=2");
        IPage page = visited.Page;
        await page.Locator("tr.current").WaitForAsync();
        await page.Locator("a.skip").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        Assert.Equal("main", await page.EvaluateAsync<string>("() => document.activeElement.id"));
        await page.EvaluateAsync("() => { location.hash = '#main'; }"); // as of a link that somebody made
        Assert.StartsWith("0:20.5", await page.Locator(".time").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal("1", await page.GetByLabel("Channel").InputValueAsync());
    }

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
    public async Task Export_ByKeyboard_IsSaved()
    {
        await using VisitedPage visited = await site.OpenAsync(Path);
        await visited.Page.Locator("tbody tr:not(.space)").First.WaitForAsync();
        await visited.TabToAsync("Praat");
        IDownload download = await visited.Page.RunAndWaitForDownloadAsync(() => visited.Page.Keyboard.PressAsync("Enter"));
        Assert.EndsWith(".TextGrid", download.SuggestedFilename, StringComparison.Ordinal);
        string saved = await File.ReadAllTextAsync((await download.PathAsync())!, TestContext.Current.CancellationToken);
        Assert.StartsWith("File type = \"ooTextFile\"", saved, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Views_ByKeyboardAlone_AreFilteredAndFollowed()
    {
        await using VisitedPage visited = await site.OpenAsync("/recordings");
        IPage page = visited.Page;
        await visited.TabToAsync("Tag");
        await page.Keyboard.TypeAsync("Radio");
        await visited.TabToAsync("Status");
        await page.Keyboard.TypeAsync("Failed");
        await visited.TabToAsync("Feed");
        await page.Keyboard.TypeAsync(site.Store.Feed.Title!);
        await visited.TabToAsync("Uploaded from");
        await page.Keyboard.TypeAsync("01022026");
        await page.Keyboard.PressAsync("Tab"); // a date's button
        await visited.TabToAsync("to");
        await page.Keyboard.TypeAsync("01032026");
        await visited.TabToAsync("Mean trust from");
        await page.Keyboard.TypeAsync("0.5");
        await visited.TabToAsync("Order");
        await page.Keyboard.TypeAsync("oldest");
        await page.WaitForURLAsync(address => address.Contains("sort=oldest", StringComparison.Ordinal));
        foreach (string chosen in new[] { "tag=Radio", "status=Failed", $"feed={site.Store.Feed.Id}", "from=2026-01-02", "to=2026-01-03" })
            Assert.Contains(chosen, page.Url, StringComparison.Ordinal);
        Assert.Contains("minTrust=0.5", page.Url, StringComparison.Ordinal);

        await visited.TabToAsync("Feeds");
        await page.Keyboard.PressAsync("Enter");
        await visited.TabToAsync(site.Store.Feed.Title!);
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("#episodes").WaitForAsync();
        await visited.TabToAsync("show");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(address => address.Contains($"recordings?feed={site.Store.Feed.Id}", StringComparison.Ordinal));

        await visited.TabToAsync("About");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".quality").First.WaitForAsync();
        Assert.Empty(visited.Complaints);
    }

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
        await visited.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        var blobs = new ChunkBlobs(site.Store.Account.Blobs);
        Assert.True(await blobs.HasEnhancedAsync(new ChunkId(faded.Id, 0, 0), TestContext.Current.CancellationToken));
        Assert.Empty(visited.Complaints);
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
