using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>How podcasts are asked for.</summary>
public sealed class PodcastOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Podcasts";

    /// <summary>What servers are told of who asks; a contact belongs in it.</summary>
    [Required, RegularExpression("^[ -~]{1,256}$")]
    public string UserAgent { get; init; } = "NrSer/0.1 (podcast archive; set NrSer__Podcasts__UserAgent to name a contact)";

    /// <summary>Names and addresses, divided by commas, that may lie in a private network: for intranets and tests.</summary>
    public string PrivateHosts { get; init; } = "";

    /// <summary>A proxy; none by default, whatever the environment says.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Requests at once at one host, 1 to 16.</summary>
    [Range(1, 16)] public int PerHost { get; init; } = 2;

    /// <summary>Pause between two requests at one host, up to an hour.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")] public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes a second of all downloads together; 0 for as many as come.</summary>
    [Range(0L, long.MaxValue)] public long BytesPerSecond { get; init; }

    /// <summary>How often a timer looks at a feed, unless its server wants longer: 1 min to 30 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")] public TimeSpan CheckEvery { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Recordings that may be unfinished before the next episode is fetched, 1 to 100,000.</summary>
    [Range(1, 100_000)] public int InFlight { get; init; } = 20;

    /// <summary>Largest feed, 1 KB to 1 GB.</summary>
    [Range(1_000L, 1_000_000_000L)] public long MaxFeedBytes { get; init; } = 100_000_000;

    /// <summary>Largest episode, 1 KB to 50 GB.</summary>
    [Range(1_000L, 50_000_000_000L)] public long MaxEpisodeBytes { get; init; } = 5_000_000_000;

    /// <summary>Whether publishers' transcripts are fetched and joined to segments: somebody's words, so not unless somebody says so.</summary>
    public bool Transcripts { get; init; }

    /// <summary>Attempts at one address before it is left for the next time, 1 to 20.</summary>
    [Range(1, 20)] public int Attempts { get; init; } = 5;

    /// <summary>First pause before another attempt; it doubles, with jitter. 1 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")] public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait that a server may ask for within one run; with a longer one its episodes stay for the next. Up to a day.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")] public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a server may send nothing, 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(30);
}

[OptionsValidator]
internal sealed partial class PodcastOptionsValidator : IValidateOptions<PodcastOptions>;
