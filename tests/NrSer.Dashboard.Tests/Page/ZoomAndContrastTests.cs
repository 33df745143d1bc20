using Microsoft.Playwright;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>What a zoom of 400 % and the contrast themes of an operating system leave of the page of a recording.</summary>
public sealed class ZoomAndContrastTests(Site site)
{
    private string Path => $"/recordings/{site.Store.WithAudio.Id}#t=62.5&v=heard";

    // 1280 × 1024 at 400 %: WCAG 2.2, 1.4.10. Tables and charts scroll within themselves.
    [Fact]
    public async Task Zoom_FourHundredPercent_LeavesEverythingInReach()
    {
        await using VisitedPage visited = await site.OpenAsync(Path, new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 320, Height = 256 }, DeviceScaleFactor = 4, ReducedMotion = ReducedMotion.Reduce,
        });
        IPage page = visited.Page;
        await page.Locator("tr.current").WaitForAsync();
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"));
        Assert.Empty(await page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll('a, button, input, select, summary, [tabindex="0"], h1, h2, p, dd, label')]
              .filter(e => !e.closest('.scroll table, .chart svg, .skip, .sr') && e.checkVisibility())
              .filter(e => { const box = e.getBoundingClientRect(); return box.left < 0 || box.right > innerWidth + 0.5; })
              .map(e => e.outerHTML.slice(0, 120))
            """));
        await page.WaitForFunctionAsync( // as sharp as the text beside it
            "() => { const c = document.querySelector('.lanes canvas'); return Math.abs(c.width - 4 * c.clientWidth) <= 4; }");
        await page.GetByRole(AriaRole.Button, new() { Name = "Zoom in" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Recorded" }).ClickAsync();
        Assert.Equal("true", await page.GetByRole(AriaRole.Button, new() { Name = "Recorded" }).GetAttributeAsync("aria-pressed"));
        await visited.PictureAsync("recording-zoom");
        Assert.Empty(visited.Complaints);
    }

    // A canvas is drawn by us, in whatever colours: those of the theme, whether it is dark or light, and anew when it changes.
    [Fact]
    public async Task ForcedColours_OfTheTheme_AreThoseOfThePictureToo()
    {
        await using VisitedPage visited = await site.OpenAsync(Path, new BrowserNewContextOptions { ForcedColors = ForcedColors.Active });
        await visited.Page.Locator("tr.current").WaitForAsync();
        foreach (ColorScheme scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await visited.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme, ForcedColors = ForcedColors.Active });
            await visited.Page.WaitForFunctionAsync( // the wave and the letters, against what they lie on
                """
                () => {
                  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
                  const ground = light(getComputedStyle(document.querySelector('.stage')).backgroundColor.match(/\d+/g).map(Number));
                  const c = document.querySelector('.lanes canvas'), data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
                  const inks = new Map();
                  for (let at = 0; at < data.length; at += 4 * 5)
                    if (data[at + 3] === 255) {
                      const ink = data.slice(at, at + 3).join();
                      inks.set(ink, (inks.get(ink) ?? 0) + 1);
                    }
                  const clear = [...inks].filter(([ink]) => {
                    const other = light(ink.split(',').map(Number));
                    return (Math.max(other, ground) + 0.05) / (Math.min(other, ground) + 0.05) >= 7;
                  });
                  return clear.reduce((sum, [, count]) => sum + count, 0) > 1500;
                }
                """, arg: null, new PageWaitForFunctionOptions { PollingInterval = 250 });
            string[] grounds = await visited.Page.EvaluateAsync<string[]>(
                "() => [...document.querySelectorAll('.choice [aria-pressed]')].map(e => getComputedStyle(e).backgroundColor)");
            Assert.Equal(grounds.Length, grounds.Distinct().Count()); // which of both is chosen, shows
            await visited.PictureAsync($"recording-forced-{scheme}");
        }
    }
}
