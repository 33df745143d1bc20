using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using NrSer.Pipeline.Results;

namespace NrSer.Cli;

/// <summary>What another program has downloaded, as its own archive says.</summary>
/// <param name="Program">The program.</param>
/// <param name="Names">Of episodes: their files' addresses, and what <see cref="KeyOf"/> makes of their feed and identity.</param>
internal sealed record EarlierArchive(string Program, IReadOnlySet<string> Names)
{
    private const int UniqueChars = 20; // a GUID as long as that is nobody else's, wherever its feed has moved since
    private const int Downloaded = 1; // gPodder, src/gpodder/__init__.py: STATE_NORMAL, STATE_DOWNLOADED, STATE_DELETED

    private readonly HashSet<string> _longEnds = // behind each hyphen, since neither feed nor GUID is free of them
        [.. Names.SelectMany(name => name.Index().Where(letter => letter.Item == '-').Select(letter => name[(letter.Index + 1)..]))
            .Where(end => end.Length >= UniqueChars)];

    /// <summary>Reads an archive, by what it begins with.</summary>
    /// <param name="file">That of podcast-dl (<c>--archive</c>), gPodder's database, or episode actions as gpodder.net and its kin give them.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="UsageException">It is none of these.</exception>
    public static async Task<EarlierArchive> ReadAsync(FileInfo file, CancellationToken cancellationToken)
    {
        await using FileStream content = file.OpenRead();
        byte[] start = new byte[16];
        int read = await content.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        if (start.AsSpan(0, read).SequenceEqual("SQLite format 3\0"u8)) // sqlite.org/fileformat.html
            return new EarlierArchive("gPodder", OfDatabase(file));
        content.Position = 0;
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(content, cancellationToken: cancellationToken);
            return document.RootElement switch
            {
                { ValueKind: JsonValueKind.Array } keys when keys.EnumerateArray().All(key => key.ValueKind == JsonValueKind.String) =>
                    new EarlierArchive("podcast-dl", keys.EnumerateArray().Select(key => key.GetString()!).ToHashSet(StringComparer.Ordinal)),
                { ValueKind: JsonValueKind.Object } actions when actions.TryGetProperty("actions", out JsonElement all)
                    && all.ValueKind == JsonValueKind.Array => new EarlierArchive("gPodder", OfActions(all)),
                _ => throw Unknown(file, "it is other JSON"),
            };
        }
        catch (JsonException broken)
        {
            throw Unknown(file, broken.Message);
        }
    }

    /// <summary>Whether an episode was downloaded.</summary>
    /// <param name="feed">Its feed.</param>
    /// <param name="episode">The episode.</param>
    public bool Has(Feed feed, Episode episode)
    {
        if (!Uri.TryCreate(episode.Url, UriKind.Absolute, out Uri? file))
            return false;
        return Names.Contains(Episode.FileOf(file)) || (episode.ItemId is { } id && _longEnds.Contains(id))
            || (Uri.TryCreate(feed.Url, UriKind.Absolute, out Uri? address) && !address.IsFile
                && IdentitiesOf(episode, file).Any(identity => Names.Contains(KeyOf(address, identity))));
    }

    /// <summary>The form in which podcast-dl keeps keys.</summary>
    private static string KeyOf(Uri feed, string identity) => $"{feed.Host}{feed.AbsolutePath}-{identity}";

    /// <summary>The GUID; or, for older versions of podcast-dl, day, title and extension, the day by the clock of wherever that ran.</summary>
    private static IEnumerable<string> IdentitiesOf(Episode episode, Uri file)
    {
        if (episode.ItemId is { } id)
            yield return id;
        string extension = Path.GetExtension(file.AbsolutePath);
        if (episode.PublishedAt is not { } published)
            yield return $"{episode.Title}{extension}";
        else
        {
            for (int days = -1; days <= 1; days++)
                yield return $"{published.UtcDateTime.AddDays(days).ToString("yyyyMMdd", CultureInfo.InvariantCulture)}-{episode.Title}{extension}";
        }
    }

    private static HashSet<string> OfDatabase(FileInfo file)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var where = new SqliteConnectionStringBuilder { DataSource = file.FullName, Mode = SqliteOpenMode.ReadOnly, Pooling = false };
        try
        {
            using var database = new SqliteConnection(where.ToString());
            database.Open();
            using SqliteCommand command = database.CreateCommand();
            command.CommandText =
                "SELECT podcast.url, episode.guid, episode.url FROM episode JOIN podcast ON podcast.id = episode.podcast_id "
                + "WHERE episode.state = $state";
            command.Parameters.AddWithValue("$state", Downloaded);
            using SqliteDataReader rows = command.ExecuteReader();
            while (rows.Read())
                Add(names, rows.GetString(0), rows.GetString(1), rows.GetString(2));
        }
        catch (SqliteException broken)
        {
            throw Unknown(file, broken.Message);
        }

        return names;
    }

    /// <summary>Episode actions, gpoddernet.readthedocs.io/en/latest/api/reference/events.html.</summary>
    private static HashSet<string> OfActions(JsonElement actions)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonElement action in actions.EnumerateArray().Where(action => Text(action, "action") is "download"))
            Add(names, Text(action, "podcast"), Text(action, "guid"), Text(action, "episode"));
        return names;

        static string? Text(JsonElement action, string name) => action.ValueKind == JsonValueKind.Object
            && action.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim() : null;
    }

    private static void Add(HashSet<string> names, string? feed, string? itemId, string? url)
    {
        if (Uri.TryCreate(url, UriKind.Absolute, out Uri? file))
            names.Add(Episode.FileOf(file));
        if (itemId is { Length: > 0 } && Uri.TryCreate(feed, UriKind.Absolute, out Uri? address))
            names.Add(KeyOf(address, itemId));
    }

    private static UsageException Unknown(FileInfo file, string why) => new(
        $"{file} is neither an archive of podcast-dl, nor a database of gPodder 3, nor a list of episode actions: {why.TrimEnd('.')}.");
}
