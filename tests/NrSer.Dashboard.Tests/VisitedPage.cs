using Microsoft.Playwright;

namespace NrSer.Dashboard.Tests;

/// <summary>A page in a profile of its own, and everything that it asked for or complained of.</summary>
public sealed class VisitedPage : IAsyncDisposable
{
    private const float Patience = 180_000; // ms, for a machine that is busy with something else

    private readonly IBrowserContext _context;
    private readonly List<string> _asked = [];
    private readonly List<string> _complaints = [];

    private VisitedPage(IBrowserContext context, IPage page, Uri address)
    {
        (_context, Page, Address) = (context, page, address);
        page.Request += (_, request) => Add(_asked, request.Url);
        page.PageError += (_, error) => Add(_complaints, error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                Add(_complaints, message.Text);
        };
    }

    /// <summary>The page.</summary>
    public IPage Page { get; }

    /// <summary>The printed address.</summary>
    public Uri Address { get; }

    /// <summary>Everything that was asked for.</summary>
    public string[] Asked => Copy(_asked);

    /// <summary>Errors of scripts, and what the browser refused.</summary>
    public string[] Complaints => Copy(_complaints);

    /// <summary>A page that waits for as long as a busy machine takes.</summary>
    /// <param name="context">A profile.</param>
    public static async Task<IPage> NewPageAsync(IBrowserContext context)
    {
        IPage page = await context.NewPageAsync();
        page.SetDefaultTimeout(Patience);
        page.SetDefaultNavigationTimeout(Patience);
        return page;
    }

    /// <summary>Goes to a view.</summary>
    /// <param name="context">A profile.</param>
    /// <param name="address">The printed address.</param>
    /// <param name="path">Of the view.</param>
    public static async Task<VisitedPage> OpenAsync(IBrowserContext context, Uri address, string path)
    {
        var visited = new VisitedPage(context, await NewPageAsync(context), address);
        await visited.Page.GotoAsync(new Uri(address, path).ToString(), new PageGotoOptions { WaitUntil = WaitUntilState.Commit });
        await visited.Page.Locator("main h1").WaitForAsync();
        return visited;
    }

    /// <summary>Goes on by Tab until something is reached whose name has some words in it.</summary>
    /// <exception cref="InvalidOperationException">Nothing is reached that is named so.</exception>
    public async Task TabToAsync(string words)
    {
        for (int press = 0; press < 150; press++)
        {
            await Page.Keyboard.PressAsync("Tab");
            if (await Page.EvaluateAsync<bool>(
                """
                words => {
                  const e = document.activeElement;
                  const names = [e.getAttribute('aria-label'), e.labels?.[0]?.textContent, e.matches('a, button, summary') ? e.textContent : ''];
                  return names.some(name => name?.includes(words));
                }
                """, words))
                return;
        }

        throw new InvalidOperationException($"Tab does not lead to '{words}'.");
    }

    /// <summary>Keeps a picture beside the test's results.</summary>
    public Task PictureAsync(string name) => PictureAsync(Page, name);

    /// <summary>Keeps a picture of any page.</summary>
    public static async Task PictureAsync(IPage page, string name)
    {
        string folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "Screenshots")).FullName;
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png") });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _context.CloseAsync();

    private static void Add(List<string> list, string text)
    {
        lock (list)
            list.Add(text);
    }

    private static string[] Copy(List<string> list)
    {
        lock (list)
            return [.. list];
    }
}
