using Microsoft.Playwright;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>What a person does without a mouse.</summary>
public sealed class KeyboardTests(Site site)
{
    private string Path => $"/recordings/{site.Store.WithAudio.Id}";

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
    [InlineData("/", ".figures")]
    [InlineData("/recordings", "tbody tr:not(.space)")]
    [InlineData("/recordings/{audio}", "tr.current")]
    [InlineData("/recordings/{apart}", "tr.current")]
    [InlineData("/recordings/{faded}", "tr.current")]
    [InlineData("/recordings/{failed}", ".failure")]
    [InlineData("/recordings/{silent}", "tbody tr:not(.space)")]
    [InlineData("/feeds?feed={feed}", "#episodes")]
    [InlineData("/about", ".quality")]
    [InlineData("/reference", "#forget td")]
    public async Task Tab_OfAnyView_ComesToEverythingThatCanBeOperated(string path, string filled)
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
        await page.Locator(filled).First.WaitForAsync();
        await page.Locator(".caution").First.WaitForAsync();
        int count = await page.EvaluateAsync<int>( // asked anew with every step: what a late answer replaced is not come to any more
            """
            () => {
              const reached = new WeakSet();
              document.addEventListener('focusin', event => reached.add(event.target), true);
              window.left = () => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
                .filter(e => !e.disabled && e.checkVisibility() && !e.closest('[aria-rowindex]') && !reached.has(e)); // rows come and go
              return window.left().length;
            }
            """);
        for (int press = 0; press < 400 && await page.EvaluateAsync<bool>("() => window.left().length > 0"); press++)
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

        Assert.Empty(await page.EvaluateAsync<string[]>("() => window.left().map(e => e.outerHTML.slice(0, 120))"));
        Assert.InRange(count, 8, 400);
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
        await page.Keyboard.TypeAsync("F"); // one letter of a list: the next one begins anew where it comes late
        await visited.TabToAsync("Feed");
        await page.Keyboard.TypeAsync(site.Store.Feed.Title![..1]);
        await visited.TabToAsync("Uploaded from");
        await page.Keyboard.TypeAsync("01022026");
        await page.Keyboard.PressAsync("Tab"); // a date's button
        await visited.TabToAsync("to");
        await page.Keyboard.TypeAsync("01032026");
        await visited.TabToAsync("Mean trust from");
        await page.Keyboard.TypeAsync("0.5");
        await visited.TabToAsync("Order");
        await page.Keyboard.TypeAsync("o");
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
}
