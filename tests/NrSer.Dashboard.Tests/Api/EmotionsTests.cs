using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using NrSer.Dashboard.Security;
using NrSer.Pipeline;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests.Api;

public sealed class EmotionsTests(Site site)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Emotions_OfALake_AddUpWhatIsReportableByEveryKey_AndWhatIsOlderIsListedStill()
    {
        StorageAccount account = await site.EmptyStoreAsync();
        DateOnly day = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-20); // the page looks back a year
        Recording[] recordings = [.. Enumerable.Range(0, 6).Select(number => GeneratedResults.Recording(number, day.AddDays(number % 2), 40) with
        {
            SpeechSeconds = 160,
        })];
        string folder = Directory.CreateTempSubdirectory("nrser-emotions-").FullName;
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            KeyValuePair.Create("NrSer:Storage:ConnectionString", (string?)account.ConnectionString),
            KeyValuePair.Create("NrSer:Dashboard:LakeFolder", (string?)folder),
        ]).Build();
        foreach (Recording recording in recordings)
            await GeneratedResults.StoreAsync(account, recording, Stop);
        await CompactAsync(configuration);
        Segment[] reportable = [.. recordings.SelectMany(GeneratedResults.Segments).Where(segment => segment.IsReportable == true)];

        var token = AccessToken.Create();
        await using DashboardServer server = await DashboardServer.StartAsync(configuration, port: 0, mayMove: false, token, Stop);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Value);

        await IsRightAsync("day", segment => $"{recordings.Single(each => each.Id == segment.RecordingId).UploadedAt:yyyy-MM-dd}");
        await IsRightAsync("recording", segment => segment.RecordingId.Value);
        await IsRightAsync("feed", _ => "");
        JsonElement first = await client.GetFromJsonAsync<JsonElement>($"api/v1/query/emotions?from={day:yyyy-MM-dd}&to={day:yyyy-MM-dd}", Stop);
        Assert.All(first.GetProperty("rows").EnumerateArray(), row => Assert.Equal($"{day:yyyy-MM-dd}", row.GetProperty("key").GetString()));
        Recording late = GeneratedResults.Recording(8, day.AddDays(2), 40) with { SpeechSeconds = 160, DominantEmotion = "angry" };
        await GeneratedResults.StoreRowsAsync(account, [late], Stop); // for the lake
        await IsDrawnAsync();
        await GeneratedResults.StoreRowsAsync(account, [GeneratedResults.Recording(7, new DateOnly(2019, 5, 5), 10)], Stop);
        JsonElement listed = await client.GetFromJsonAsync<JsonElement>("api/v1/recordings", Stop);
        Assert.Equal(8, listed.GetProperty("recordings").GetArrayLength());
        Directory.Delete(folder, recursive: true);

        // The page's chart counts the same segments by day, and leaves the rest of the speech without a colour.
        async Task IsDrawnAsync()
        {
            IPage page = await site.NewPageAsync();
            await page.GotoAsync(server.Address.ToString(), new PageGotoOptions { WaitUntil = WaitUntilState.Commit });
            await page.GetByText("1 year").ClickAsync();
            await page.GetByText("By the emotion of each reportable segment").WaitForAsync();
            await page.GetByText("or not in the lake yet").WaitForAsync();
            await page.GetByText("As a table").ClickAsync();
            string[] names = [.. await page.Locator("section[aria-labelledby=over-time] thead th").AllTextContentsAsync()];
            foreach (ILocator row in await page.Locator("section[aria-labelledby=over-time] tbody tr").AllAsync())
            {
                string date = (await row.Locator("th").TextContentAsync())!;
                string[] cells = [.. await row.Locator("td").AllTextContentsAsync()];
                double speech = 3 * 160;
                Segment[] heard = [.. reportable.Where(segment => recordings.Single(each => each.Id == segment.RecordingId).UploadedAt is { } at
                    && date == $"{at:yyyy-MM-dd}")];
                if (date == $"{day.AddDays(2):yyyy-MM-dd}")
                    speech = 160;
                Assert.Equal(speech == 160, heard.Length == 0);
                for (int column = 3; column < names.Length - 1; column++)
                    Assert.Equal(Percent(heard.Where(segment => segment.Emotion == names[column]).Sum(Seconds) / speech), cells[column - 1]);
                Assert.Equal(Percent(1 - (heard.Sum(Seconds) / speech)), cells[^1]);
            }

            await VisitedPage.PictureAsync(page, "overview-lake");
            await page.Context.CloseAsync();
        }

        async Task IsRightAsync(string groupBy, Func<Segment, string> key)
        {
            JsonElement found = await client.GetFromJsonAsync<JsonElement>(
                $"api/v1/query/emotions?groupBy={groupBy}&from={day.AddDays(-5):yyyy-MM-dd}&to={day.AddDays(5):yyyy-MM-dd}", Stop);
            Assert.NotEqual(JsonValueKind.Null, found.GetProperty("asOf").ValueKind);
            Assert.True(found.GetProperty("isWhole").GetBoolean());
            Assert.Equal(
                reportable.GroupBy(segment => (Key: key(segment), segment.Emotion)).Select(group => (
                    group.Key.Key, group.Key.Emotion, Math.Round(group.Sum(Seconds), 3),
                    Math.Round(group.Sum(segment => segment.Trust!.Value * Seconds(segment)) / group.Sum(Seconds), 4)))
                    .OrderBy(row => row.Key, StringComparer.Ordinal).ThenBy(row => row.Emotion, StringComparer.Ordinal),
                found.GetProperty("rows").EnumerateArray().Select(row => (
                    row.GetProperty("key").GetString()!, row.GetProperty("emotion").GetString(),
                    Math.Round(row.GetProperty("seconds").GetDouble(), 3), Math.Round(row.GetProperty("trust").GetDouble(), 4))));
        }
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:F0} %");

    private static double Seconds(Segment segment) => segment.EndSeconds - segment.StartSeconds;

    private static async Task CompactAsync(IConfiguration configuration)
    {
        var services = new ServiceCollection();
        services.AddSingleton(configuration).AddLogging().AddSingleton(TimeProvider.System);
        services.AddNrSerPipeline().AddNrSerStorageQueues();
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal(6, await provider.GetRequiredService<LakeCompactor>().CompactAsync(Stop));
    }
}
