using System.Globalization;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

/// <summary>Podcasts on a storage account of their own, from servers of this machine, which have to be allowed.</summary>
internal sealed class PodcastsUnderTest : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private PodcastsUnderTest(StorageAccount account, ServiceProvider services) => (Account, _services) = (account, services);

    public StorageAccount Account { get; }

    public PodcastServer Server { get; } = new();

    public PodcastStore Store => _services.GetRequiredService<PodcastStore>();

    public FeedUpdate Updates => _services.GetRequiredService<FeedUpdate>();

    public EpisodeFetch Fetch => _services.GetRequiredService<EpisodeFetch>();

    public HostQueue Hosts => _services.GetRequiredService<HostQueue>();

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<PodcastsUnderTest> CreateAsync(StorageEmulator emulator, params (string Name, string Value)[] settings)
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        return new PodcastsUnderTest(account, Provider(account, TimeProvider.System, settings));
    }

    /// <summary>Another machine, or the same after a death.</summary>
    public PodcastsUnderTest Beside(TimeProvider time, params (string Name, string Value)[] settings) => new(Account, Provider(Account, time,
        settings));

    /// <summary>Follows a feed of the server.</summary>
    public async Task<Feed> FollowAsync(string path, Func<Feed, Feed>? rules = null)
    {
        var address = new Uri(Server.Url, path);
        var feed = new Feed { Id = PodcastNames.FeedId(address), Url = address.AbsoluteUri };
        return (await Store.TryWriteAsync(rules?.Invoke(feed) ?? feed, Stop))!;
    }

    /// <summary>Syncs all feeds.</summary>
    public async Task<List<SyncStep>> SyncAsync(bool isAnew = false, CancellationToken? cancellationToken = null)
    {
        var steps = new List<SyncStep>();
        await _services.GetRequiredService<PodcastSync>().RunAsync(
            await Store.FeedsAsync(Stop).ToListAsync(Stop), new SyncSettings(isAnew, IsDry: false, IsAnnounced: true), step =>
            {
                lock (steps)
                    steps.Add(step);
            }, cancellationToken ?? Stop);
        return steps;
    }

    public async Task<Episode[]> EpisodesAsync(Feed feed) =>
        [.. (await Store.EpisodesAsync(feed.Id, status: null, Stop).ToListAsync(Stop)).OrderBy(episode => episode.Title, StringComparer.Ordinal)];

    /// <summary>Everything in the recordings container, with its content.</summary>
    public Task<(string Name, string Content)[]> BlobsAsync() => Account.BlobsAsync(StorageNames.Recordings);

    /// <summary>A feed with items whose files are paths of the server.</summary>
    public static byte[] FeedOf(string title, params (string? ItemId, string Title, string File)[] items)
    {
        var text = new StringBuilder($"<rss version=\"2.0\"><channel><title>{title}</title>");
        foreach ((int index, (string? id, string name, string file)) in items.Index())
        {
            text.Append(CultureInfo.InvariantCulture, $"<item><title>{name}</title>{(id is null ? "" : $"<guid>{id}</guid>")}")
                .Append(CultureInfo.InvariantCulture,
                    $"<pubDate>{1 + (index % 28)} Apr 2020 07:00:00 GMT</pubDate><enclosure url=\"{file}\" type=\"audio/mpeg\"/></item>");
        }

        return Encoding.UTF8.GetBytes(text.Append("</channel></rss>").ToString());
    }

    /// <summary>What begins like an MP3, different for each number.</summary>
    public static byte[] Audio(int number, int bytes = 2000)
    {
        byte[] content = new byte[bytes];
        new Random(number).NextBytes(content);
        "ID3"u8.CopyTo(content);
        return content;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _services.DisposeAsync();
    }

    private static ServiceProvider Provider(StorageAccount account, TimeProvider time, (string Name, string Value)[] settings)
    {
        var services = new ServiceCollection();
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["NrSer:Storage:ConnectionString"] = account.ConnectionString, ["NrSer:Podcasts:PrivateHosts"] = "127.0.0.1",
            ["NrSer:Podcasts:Pause"] = "00:00:00", ["NrSer:Podcasts:RetryDelay"] = "00:00:00.001", ["NrSer:Podcasts:InFlight"] = "10000",
        };
        foreach ((string name, string value) in settings)
            all[$"NrSer:Podcasts:{name}"] = value;
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(all).Build());
        services.AddLogging();
        services.AddSingleton(time);
        services.AddNrSerPipeline().AddNrSerStorageQueues();
        return services.BuildServiceProvider();
    }
}
