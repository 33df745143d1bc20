using NrSer.Pipeline.Podcasts.Feeds;
using NrSer.Pipeline.Results;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Tells which items of a feed are episodes that are known, whatever changed of them, and which are new.</summary>
/// <remarks>
/// An item is what its GUID says, verbatim. Without one, or with one that several items share, it is what its file's address says, without the query
/// where that still tells it from the others. A GUID that changed over the same file is the same episode, too.
/// </remarks>
internal sealed class EpisodeMerge
{
    private readonly string _feedId;
    private readonly Dictionary<string, Episode> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Episode> _byItemId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Episode?> _byFile = new(StringComparer.Ordinal); // null where several share it
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    /// <param name="feedId">The feed.</param>
    /// <param name="known">Every episode of it.</param>
    public EpisodeMerge(string feedId, IEnumerable<Episode> known)
    {
        _feedId = feedId;
        foreach (Episode episode in known)
            Index(episode);
    }

    /// <summary>Every episode that is known by now.</summary>
    public IReadOnlyCollection<Episode> All => _byKey.Values;

    /// <summary>Keys of episodes that are new.</summary>
    public HashSet<string> New { get; } = new(StringComparer.Ordinal);

    /// <summary>Keys of episodes of which something changed.</summary>
    public HashSet<string> Changed { get; } = new(StringComparer.Ordinal);

    /// <summary>Keys of those of which changed what the lake has of them.</summary>
    public HashSet<string> Retold { get; } = new(StringComparer.Ordinal);

    /// <summary>Items without audio.</summary>
    public int WithoutAudio { get; private set; }

    /// <summary>Merges a page of the feed.</summary>
    /// <returns>How many episodes were new.</returns>
    public int Add(IReadOnlyList<FeedItem> items)
    {
        FeedItem[] heard = [.. items.Where(item => item.Audio is not null)];
        WithoutAudio += items.Count - heard.Length;
        HashSet<string> sharedIds = SharedOf(heard.Select(item => item.ItemId));
        HashSet<string> sharedFiles = SharedOf(heard.Select(item => Episode.FileOf(item.Audio!.Url)));
        HashSet<string> ids = [.. heard.Select(item => item.ItemId).OfType<string>().Except(sharedIds)];
        int before = New.Count;
        foreach (FeedItem item in heard)
        {
            string? id = item.ItemId is { } given && !sharedIds.Contains(given) ? given : null;
            string file = Episode.FileOf(item.Audio!.Url);
            file = sharedFiles.Contains(file) ? item.Audio.Url.AbsoluteUri : file;
            string key = Episode.KeyOf(_feedId, id is null ? $"file {file}" : $"guid {id}");
            Episode? known = id is not null && _byItemId.TryGetValue(id, out Episode? named) ? named
                : _byKey.TryGetValue(key, out Episode? keyed) ? keyed
                : _byFile.TryGetValue(file, out Episode? filed) && filed is not null && !(filed.ItemId is { } other && ids.Contains(other)) ? filed
                : null;
            if (known is not null && _seen.Contains(known.Key))
                continue; // a copy of an item
            Episode standing = known ?? new Episode { FeedId = _feedId, Key = key };
            Episode merged = Merged(standing, item, id);
            _seen.Add(merged.Key);
            if (known is null)
                New.Add(merged.Key);
            else if (merged != standing && !New.Contains(merged.Key))
                Changed.Add(merged.Key);
            if (known is not null && EpisodeColumns.Told.Any(column => !Equals(column.ValueOf(merged), column.ValueOf(standing))))
                Retold.Add(merged.Key);
            Index(merged);
        }

        return New.Count - before;
    }

    /// <summary>Leaves new episodes out, as if the feed did not have them.</summary>
    public void LeaveOut(Func<Episode, bool> isMeant)
    {
        foreach (Episode episode in New.Select(key => _byKey[key]).Where(isMeant).ToArray())
        {
            New.Remove(episode.Key);
            _byKey.Remove(episode.Key);
        }
    }

    /// <summary>Replaces an episode.</summary>
    public void Set(Episode episode)
    {
        if (!New.Contains(episode.Key) && _byKey[episode.Key] != episode)
            Changed.Add(episode.Key);
        Index(episode);
    }

    private void Index(Episode episode)
    {
        _byKey[episode.Key] = episode;
        if (episode.ItemId is { } id)
            _byItemId[id] = _byItemId.TryGetValue(id, out Episode? first) && first.Key != episode.Key ? first : episode;
        if (Uri.TryCreate(episode.Url, UriKind.Absolute, out Uri? address))
        {
            foreach (string file in new[] { Episode.FileOf(address), address.AbsoluteUri }.Distinct())
                _byFile[file] = _byFile.TryGetValue(file, out Episode? first) && first?.Key != episode.Key ? null : episode;
        }
    }

    /// <summary>The episode as the feed has it now. The address of what is stored stays: tokens and queries change with every look.</summary>
    private static Episode Merged(Episode known, FeedItem item, string? itemId)
    {
        FeedLink audio = item.Audio!;
        bool isDone = known.Status is EpisodeStatus.Stored or EpisodeStatus.Duplicate or EpisodeStatus.Forgotten;
        return known with
        {
            ItemId = itemId ?? known.ItemId,
            Title = item.Title ?? known.Title,
            Link = item.Link?.AbsoluteUri ?? known.Link,
            PublishedAt = item.PublishedAt ?? known.PublishedAt,
            Season = item.Season ?? known.Season,
            Number = item.Number ?? known.Number,
            DeclaredSeconds = item.DurationSeconds ?? known.DeclaredSeconds,
            DeclaredBytes = audio.Bytes ?? known.DeclaredBytes,
            DeclaredType = audio.Type ?? known.DeclaredType,
            IsExplicit = item.IsExplicit ?? known.IsExplicit,
            Url = isDone ? known.Url : audio.Url.AbsoluteUri,
            TranscriptUrl = isDone ? known.TranscriptUrl : item.Transcript?.Url.AbsoluteUri ?? known.TranscriptUrl,
            ChaptersUrl = isDone ? known.ChaptersUrl : item.Chapters?.Url.AbsoluteUri ?? known.ChaptersUrl,
        };
    }

    private static HashSet<string> SharedOf(IEnumerable<string?> values) =>
        [.. values.OfType<string>().GroupBy(value => value, StringComparer.Ordinal).Where(group => group.Skip(1).Any()).Select(group => group.Key)];
}
