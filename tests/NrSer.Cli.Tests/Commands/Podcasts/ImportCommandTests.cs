using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using NrSer.Cli.Tests.Processes;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands.Podcasts;

public sealed class ImportCommandTests(StorageEmulator emulator) : IClassFixture<StorageEmulator>, IAsyncLifetime
{
    private readonly Scratch _scratch = new();
    private readonly PodcastServer _server = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal) { ["NrSer__Podcasts__PrivateHosts"] = "127.0.0.1" };

    public async ValueTask InitializeAsync() =>
        _environment["NrSer__Storage__ConnectionString"] = (await StorageAccount.CreateAsync(emulator)).ConnectionString;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Import_WhatOtherProgramsDownloaded_IsSkippedWithTheReasonAndListedAgain()
    {
        _server.Serve("/0/feed", SampleShows.Feed("Show", 4));
        for (int episode = 0; episode < 4; episode++)
            _server.Serve($"/0/{episode}.mp3", _ => new PodcastAnswer(404, []));
        _server.Serve("/0/3.mp3", SampleShows.Audio(3));
        string[] archives =
        [
            _scratch.Write("archive.json", """["127.0.0.1/0/feed-Show 0", "127.0.0.1/0/feed-Show 0-image", "another.example/feed-Show 3"]"""u8),
            _scratch.Write("actions.json", Encoding.UTF8.GetBytes($$"""
                {"timestamp": 1, "actions": [
                  {"podcast": "{{_server.Url}}moved", "episode": "{{_server.Url}}0/1.mp3?key=1", "action": "download", "device": "phone"},
                  {"podcast": "{{_server.Url}}0/feed", "episode": "{{_server.Url}}0/3.mp3", "action": "play"}]}
                """)),
            Database((1, "Show 2"), (2, "Show 3")),
        ];

        Outcome early = await RunAsync(["import", .. archives]);
        Assert.Equal(1, early.ExitCode);
        Assert.Contains("Add the feeds first", early.Errors, StringComparison.Ordinal);
        (await RunAsync("add", $"{_server.Url}0/feed")).Succeeded();
        JsonElement[] imported = [.. (await RunAsync(["import", "--json", .. archives])).Json().EnumerateArray()];
        Assert.Equal([("podcast-dl", 3, 1, 1), ("gPodder", 1, 1, 1), ("gPodder", 2, 1, 1)], imported.Select(archive => (
            archive.GetProperty("program").GetString(), archive.GetProperty("names").GetInt32(), archive.GetProperty("known").GetInt32(),
            archive.GetProperty("changed").GetInt32())));

        JsonElement done = (await RunAsync("sync", "--recheck", "--pause", "0s", "--json")).Json();
        Assert.Equal((1, 0), (done.GetProperty("stored").GetInt32(), done.GetProperty("failures").GetArrayLength()));
        JsonElement[] skipped = [.. (await RunAsync("episodes", "--status", "skipped", "--json")).Json().EnumerateArray()];
        Assert.Equal(
            ["Downloaded before by gPodder, as its archive says.", "Downloaded before by gPodder, as its archive says.",
                "Downloaded before by podcast-dl, as its archive says."],
            skipped.Select(episode => episode.GetProperty("reason").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal(3, (await RunAsync("import", "--undo", "--json", archives[0], archives[1], archives[2])).Json().EnumerateArray()
            .Sum(archive => archive.GetProperty("changed").GetInt32()));
        Assert.Equal(1, (await RunAsync("sync", "--pause", "0s")).ExitCode); // they are asked for, and are not there
        Assert.Equal(3, (await RunAsync("retry", "--json")).Json().GetProperty("listed").GetInt32());
    }

    [Theory]
    [InlineData("A text")]
    [InlineData("[1, 2]")]
    [InlineData("{\"feeds\": []}")]
    [InlineData("SQLite format 3\0and then nothing of the kind")]
    public async Task Import_WhatIsNoArchive_SaysWhatIsMeant(string text) => Assert.Contains(
        "neither an archive of podcast-dl", (await RunAsync("import", _scratch.Write("x", Encoding.UTF8.GetBytes(text)))).Refused(2),
        StringComparison.Ordinal);

    /// <summary>A database as gPodder 3 makes it: one feed, two episodes downloaded, of which the second lies elsewhere.</summary>
    private string Database(params (int State, string ItemId)[] episodes)
    {
        using var database = new SqliteConnection($"Data Source={_scratch["Database"]};Pooling=False");
        database.Open();
        using SqliteCommand command = database.CreateCommand();
        command.CommandText = $"""
            CREATE TABLE podcast (id INTEGER PRIMARY KEY, title TEXT, url TEXT);
            CREATE TABLE episode (id INTEGER PRIMARY KEY, podcast_id INTEGER, title TEXT, url TEXT, guid TEXT, state INTEGER);
            INSERT INTO podcast VALUES (1, 'Show', '{_server.Url}0/feed');
            """;
        foreach ((int state, string id) in episodes)
            command.CommandText += $"INSERT INTO episode (podcast_id, url, guid, state) VALUES (1, 'https://moved.example/a.mp3', '{id}', {state});";
        command.ExecuteNonQuery();
        return _scratch["Database"];
    }

    private Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunWithAsync(_environment, ["podcast", .. arguments]);
}
