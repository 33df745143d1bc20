using System.Text.Json.Nodes;
using NrSer.Cli.Tests.Processes;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Models;

/// <summary>An installation where something is there already: a model of that name, its files, or what was first seen of them.</summary>
public sealed class InstallAgainTests : IAsyncLifetime
{
    private const string Id = "superb/hubert-base-superb-er", Name = "hubert-base-superb-er";

    private static readonly string s_first = new('a', 40), s_second = new('b', 40);
    private static readonly IDictionary<string, byte[]> s_files = SeededHubert.Files();
    private readonly Scratch _scratch = new();
    private readonly HubServer _hub = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Install_UnderANameThatIsTaken_SaysByWhatAndTakesAnother()
    {
        foreach (string taken in new[] { "nrser-emotion-small", Name })
        {
            if (taken == Name)
            {
                _hub.Publish(Id, s_first, s_files);
                (await InstallAsync(Name)).Succeeded();
                _hub.Publish($"someoneelse/{Name}", s_first, s_files);
            }

            string folder = Write(SeededHubert.Files(["calm", "happy", "sad"]), taken); // a file more or less, and it is another
            foreach (string[] asked in new string[][]
            {
                [folder], [Name, "--from", folder, "--name", taken], [$"someoneelse/{Name}", "--from", $"{_hub.Url}", "--name", taken],
            })
            {
                _hub.Publish($"someoneelse/{Name}", s_first, s_files);
                string refusal = (await RunAsync(["models", "install", "--yes", "--use", .. asked])).Refused(ExitCode.BadInput);
                Assert.Contains($"{taken}@", refusal, StringComparison.Ordinal);
                Assert.Contains("--name", refusal, StringComparison.Ordinal);
            }
        }

        (await RunAsync("models", "install", "--yes", _scratch[Name], "--name", "other")).Succeeded();
        (await RunAsync("models", "install", "--yes", _scratch[Name], "--name", "other")).Succeeded(); // it is that one
        Assert.Contains("is installed", (await RunAsync("models", "install", "nrser-emotion-small")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_OfWhatIsThereWithOtherWishes_IsRefused()
    {
        string[] asked = ["models", "install", Write(SeededHubert.Files(["happy", "rage"]), "mine"), "--yes"];
        (await RunAsync([.. asked, "--label", "rage=angry"])).Succeeded();
        (await RunAsync([.. asked, "--label", "rage=angry"])).Succeeded();
        Assert.Contains("--label", (await RunAsync([.. asked, "--label", "rage=none"])).Refused(ExitCode.BadInput), StringComparison.Ordinal);
        Assert.Contains("--scale", (await RunAsync([.. asked, "--scale", "1", "5"])).Refused(ExitCode.BadInput), StringComparison.Ordinal);
        Assert.Contains(
            "its entry", (await RunAsync("models", "install", "mine", "--scale", "1", "5")).Refused(ExitCode.BadInput), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_OfAModelTrainedOnCertainLengths_KeepsThemInItsEntry()
    {
        string plain = Write(s_files, "plain"), says = Write(SeededHubert.Files(change: config => config["max_length_seconds"] = 5), "says");
        async Task<string> TrainedAsync(string name, params string[] asked)
        {
            (await RunAsync(["models", "install", "--yes", "--name", name, .. asked])).Succeeded();
            string catalog = await File.ReadAllTextAsync(_scratch[Path.Combine("installed", "catalog.json")], TestContext.Current.CancellationToken);
            JsonNode entry = JsonNode.Parse(catalog)!["models"]!.AsArray().Single(model => (string?)model!["name"] == name)!;
            return entry["emotion"]!["trainedSamples"]?.ToJsonString() ?? "";
        }

        Assert.Equal("", await TrainedAsync("any", plain));
        Assert.Equal("[400,80000]", await TrainedAsync("said", says));
        Assert.Equal("[48000,96000]", await TrainedAsync("told", says, "--trained-seconds", "3", "6"));
        Assert.Equal("[48000,96000]", await TrainedAsync("told", says, "--trained-seconds", "3", "6"));
        Assert.Contains("--trained-seconds", (await RunAsync("models", "install", "--yes", "--name", "told", says, "--trained-seconds", "3", "5"))
            .Refused(ExitCode.BadInput), StringComparison.Ordinal);
        Assert.Contains("--trained-seconds", (await RunAsync("models", "install", "--yes", plain, "--trained-seconds", "5", "3"))
            .Refused(ExitCode.BadInput), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_OfWhatIsHere_AsksNobody()
    {
        _hub.TellsHashes = false;
        _hub.Publish(Id, s_first, SeededHubert.Files(["happy", "rage"]));
        (await InstallAsync(Name)).Failed(ExitCode.BadInput); // for want of --label, after all of it was fetched
        int asked = _hub.Asked.Count();
        (await InstallAsync(Name, "--label", "rage=angry")).Succeeded();
        (await RunAsync("models", "install", Name)).Succeeded();
        Assert.Equal(asked, _hub.Asked.Count());

        (await RunAsync("models", "remove", Name)).Succeeded();
        string same = Write(SeededHubert.Files(["happy", "rage"]), "same"), other = Write(s_files, "other");
        string[] fromFolder = ["models", "install", Name, "--yes", "--label", "rage=angry", "--from"];
        Outcome refused = await RunAsync([.. fromFolder, other]);
        refused.Failed(ExitCode.Environment);
        Assert.Contains("--update", refused.Errors, StringComparison.Ordinal);
        (await RunAsync([.. fromFolder, same])).Succeeded();
        (await RunAsync("models", "install", Name)).Succeeded();
        (await RunAsync("models", "remove", Name)).Succeeded();
        (await RunAsync("models", "install", Name, "--yes", "--from", other, "--update")).Succeeded();
        Assert.Equal(asked, _hub.Asked.Count());
    }

    [Fact]
    public async Task Install_ASecondTime_TakesWhatWasFirstSeen()
    {
        _hub.TellsHashes = false;
        _hub.Publish(Id, s_first, s_files);
        (await InstallAsync(Name)).Succeeded();
        (await RunAsync("models", "remove", Name)).Succeeded();

        IDictionary<string, byte[]> other = SeededHubert.Files(change: config => config["num_attention_heads"] = 2);
        _hub.Publish(Id, s_second, other); // the newest is another, and nobody is told by chance
        Outcome again = await InstallAsync(Name);
        again.Succeeded();
        Assert.Contains("as it was first seen", again.Errors, StringComparison.Ordinal);
        Assert.Contains($"{Name}@{s_first[..12]}", again.Errors, StringComparison.Ordinal);
        (await RunAsync("models", "remove", Name)).Succeeded();

        _hub.Publish(Id, s_first, other); // the old revision holds something else
        Outcome refused = await InstallAsync(Name);
        refused.Failed(ExitCode.Environment);
        Assert.Contains("--update", refused.Errors, StringComparison.Ordinal);
        _hub.Publish(Id, s_second, other);
        (await InstallAsync(Name, "--update")).Succeeded();
    }

    private string Write(IDictionary<string, byte[]> files, string name)
    {
        foreach ((string file, byte[] content) in files)
            _scratch.Write(Path.Combine(name, file), content);
        return _scratch[name];
    }

    private Task<Outcome> InstallAsync(string model, params string[] more) =>
        RunAsync(["models", "install", model, "--from", $"{_hub.Url}", "--yes", .. more]);

    private Task<Outcome> RunAsync(params string[] arguments) =>
        Nrser.RunWithAsync(new() { ["NrSer__Models__InstalledPath"] = _scratch["installed"] }, arguments);
}
