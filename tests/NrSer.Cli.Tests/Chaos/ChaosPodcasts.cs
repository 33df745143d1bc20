using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Chaos;

/// <summary>Podcasts of a server on this machine, which are followed, fetched and forgotten while the stack is under chaos.</summary>
/// <param name="stack">The stack.</param>
/// <param name="random">Of chance, by a seed.</param>
internal sealed class ChaosPodcasts(Stack stack, Random random) : IAsyncDisposable
{
    /// <summary>What the stack is told of them.</summary>
    public static readonly (string Name, string Value)[] Settings =
    [
        ("NrSer__Podcasts__PrivateHosts", "127.0.0.1"), ("NrSer__Podcasts__Pause", "00:00:00"), ("NrSer__Podcasts__RetryDelay", "00:00:00.200"),
    ];

    private readonly PodcastServer _server = new();
    private readonly Dictionary<string, List<byte[]>> _shows = new(StringComparer.Ordinal); // followed: contents of episodes by title
    private readonly List<string> _forgotten = [];
    private int _number;

    /// <summary>What must not be found of what was forgotten: titles, folders, addresses, contents. Ids are known for a day.</summary>
    public IReadOnlyCollection<string> Forgotten => _forgotten;

    /// <summary>Processes killed.</summary>
    public int Kills { get; private set; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Does one thing with them.</summary>
    /// <returns>What it did.</returns>
    public Task<string> StepAsync() => _shows.Count == 0 ? AddAsync() : random.Next(10) switch
    {
        < 4 => PublishAsync(),
        < 7 => SyncAsync(isKilled: random.Next(2) == 0),
        < 8 => RetryAsync(),
        < 9 => AddAsync(),
        _ => ForgetAsync(isKilled: random.Next(2) == 0),
    };

    /// <summary>Follows another podcast, with an episode.</summary>
    /// <returns>What it did.</returns>
    public async Task<string> AddAsync()
    {
        string show = string.Create(CultureInfo.InvariantCulture, $"show-{_number++:0000}"); // which is part of no other
        _shows.Add(show, []);
        Publish(show);
        await RunAsync("podcast", "add", AddressOf(show).AbsoluteUri);
        return $"added {show}";
    }

    /// <summary>Fetches what is new.</summary>
    /// <param name="isKilled">Whether whoever does is killed at it, and asks again.</param>
    /// <returns>What it did.</returns>
    public async Task<string> SyncAsync(bool isKilled)
    {
        if (isKilled)
            await KilledAsync("podcast", "sync");
        await RunAsync("podcast", "sync");
        return $"fetched podcasts{(isKilled ? ", after a kill" : "")}";
    }

    /// <summary>Forgets a podcast; its server goes on to offer it, and somebody adds it again.</summary>
    /// <param name="isKilled">Whether whoever does is killed at it, and asks again.</param>
    /// <returns>What it did.</returns>
    public async Task<string> ForgetAsync(bool isKilled)
    {
        string show = AnyShow();
        string[] forget = ["forget", "--feed", show, "--yes"];
        if (isKilled)
            await KilledAsync(forget);
        await RunAsync("No feed is called", forget);
        _forgotten.AddRange([show, .. _shows[show].Select(content => Convert.ToHexStringLower(SHA256.HashData(content)))]);
        _shows.Remove(show);
        return $"forgot {show}{(isKilled ? ", after a kill" : "")}";
    }

    /// <summary>Fetches what is offered until all of it is there.</summary>
    /// <returns>Uploads of its episodes: SHA-256 by name.</returns>
    public async Task<IReadOnlyDictionary<string, string>> SettleAsync()
    {
        var store = new PodcastStore(new ResultTables(stack.Storage()));
        var uploads = new Dictionary<string, string>(StringComparer.Ordinal);
        await Waiting.UntilAsync("all episodes are fetched", TimeSpan.FromSeconds(1), async cancellationToken =>
        {
            uploads.Clear();
            await RunAsync("podcast", "retry");
            await RunAsync("podcast", "sync");
            foreach ((string show, List<byte[]> contents) in _shows)
            {
                List<Episode> episodes = await store.EpisodesAsync(PodcastNames.FeedId(AddressOf(show)), status: null, cancellationToken)
                    .ToListAsync(cancellationToken);
                if (episodes.Count(episode => episode.Status == EpisodeStatus.Stored) < contents.Count)
                    return null;
                Assert.Equal(
                    contents.Select(content => Convert.ToHexStringLower(SHA256.HashData(content))).Order(StringComparer.Ordinal),
                    episodes.Select(episode => episode.Sha256!).Order(StringComparer.Ordinal));
                foreach (Episode episode in episodes)
                    uploads.Add(episode.BlobName!, episode.Sha256!);
            }

            return "";
        });
        Feed[] feeds = await store.FeedsAsync(Stop).ToArrayAsync(Stop);
        Assert.Equal(_shows.Keys.Order(StringComparer.Ordinal), feeds.Select(feed => feed.Title!).Order(StringComparer.Ordinal));
        return uploads;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private Task<string> PublishAsync()
    {
        string show = AnyShow();
        Publish(show);
        return Task.FromResult($"published an episode of {show}");
    }

    private async Task<string> RetryAsync()
    {
        await RunAsync("podcast", "retry");
        return "listed what had failed again";
    }

    private void Publish(string show)
    {
        byte[] content = SampleFiles.Concatenated(1 + random.Next(5), SampleFiles.Clean, SampleFiles.NoiseOnly);
        random.NextBytes(content.AsSpan(44, 200)); // no content comes twice
        int number = _shows[show].Count;
        _shows[show].Add(content);
        _server.Serve($"/{show}/{number}.wav", content, "audio/wav");
        var feed = new StringBuilder($"<rss><channel><title>{show}</title>");
        for (int episode = 0; episode <= number; episode++)
        {
            feed.Append(CultureInfo.InvariantCulture, $"<item><guid>{show} {episode}</guid><title>{show}, {episode}</title>")
                .Append(CultureInfo.InvariantCulture, $"<enclosure url=\"{episode}.wav\" type=\"audio/wav\"/></item>");
        }

        byte[] text = Encoding.UTF8.GetBytes(feed.Append("</channel></rss>").ToString());
        _server.Serve($"/{show}/feed", request => PodcastServer.Good(request, text, "application/rss+xml", $"\"{number}\""));
    }

    private Uri AddressOf(string show) => new(_server.Url, $"{show}/feed");

    private string AnyShow() => _shows.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(_shows.Count));

    private Task<string> RunAsync(params string[] command) => RunAsync("", command);

    /// <summary>Runs a command until it ends well, or says that there is nothing to do.</summary>
    private Task<string> RunAsync(string nothing, string[] command) =>
        Waiting.UntilAsync(string.Join(' ', command), TimeSpan.FromSeconds(1), async _ =>
        {
            try
            {
                Outcome outcome = await stack.RunAsync(command);
                return outcome.ExitCode == 0 || (nothing.Length > 0 && outcome.Errors.Contains(nothing, StringComparison.Ordinal)) ? "" : null;
            }
            catch (Exception error) when (error is RequestFailedException or IOException or NullReferenceException)
            {
                return null; // the emulator may be starting
            }
        });

    private async Task KilledAsync(params string[] command)
    {
        using Process process = Process.Start(Nrser.StartInfo(
            Settings.ToDictionary(setting => setting.Name, setting => setting.Value, StringComparer.Ordinal), ownSession: false,
            [.. command, "--data", stack.Data]))!;
        await Task.Delay(TimeSpan.FromMilliseconds(300 + random.Next(2500)), TimeProvider.System, Stop);
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(Stop);
        Kills++;
    }
}
