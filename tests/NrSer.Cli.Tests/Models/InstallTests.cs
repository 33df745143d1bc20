using System.Text.Json;
using NrSer.Cli.Models;
using NrSer.Cli.Tests.Processes;
using NrSer.Core.Models;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Models;

public sealed class InstallTests : IAsyncLifetime
{
    private const string Id = "superb/hubert-base-superb-er", Name = "hubert-base-superb-er", Weights = "model.safetensors";

    private static readonly string s_first = new('a', 40), s_second = new('b', 40);
    private static readonly IDictionary<string, byte[]> s_files = SeededHubert.Files();
    private readonly Scratch _scratch = new();
    private readonly HubServer _hub = new();

    private string Folder => _scratch["installed"];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Install_FromTheHub_CanBeUsedAndRemovedAgain()
    {
        _hub.Publish(Id, s_first, s_files);
        Outcome outcome = await Nrser.RunProcessInAsync(_scratch.Path, Settings(), Typed(Name, "--use"));
        outcome.Succeeded();
        foreach (string told in new[] { "apache-2.0", s_first, "seen for the first time", "RTF", "is used from now on" })
            Assert.Contains(told, outcome.Errors, StringComparison.Ordinal);
        (await RunAsync("models", "verify")).Succeeded();
        JsonElement analysis = (await RunAsync("analyze", SampleFiles.Clean)).Json();
        Assert.Equal($"{Name}@{s_first[..12]}", analysis.GetProperty("models").GetProperty("emotion").GetString());

        if (EightBitProcessor.IsThis)
            await QuantizeAsync();
        int fetched = _hub.Fetched.Count();
        (await InstallAsync(Name)).Succeeded(); // it is here: nothing is fetched
        Assert.Equal(fetched, _hub.Fetched.Count());
        (await RunAsync("models", "remove", Name)).Succeeded();
        Assert.Equal(["catalog.json", "catalog.lock", "pins.json"], Left());
    }

    /// <summary>A second time, in eight bits; and away again.</summary>
    private async Task QuantizeAsync()
    {
        string eight = $"{Name}-int8";
        _scratch.Write("speech/sad/a.wav", SampleFiles.Concatenated(2, SampleFiles.Clean));
        foreach (string[] recordings in new string[][] { [], [_scratch["speech"]] }) // of a single one, agreement means nothing
        {
            Outcome refused = await RunAsync(["models", "quantize", Name, .. recordings, "--use"]);
            refused.Failed(ExitCode.BadInput);
            Assert.Contains("not judged", refused.Errors, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(eight, (await RunAsync("models", "list", "--json")).Output, StringComparison.Ordinal);
        Outcome told = await RunAsync("models", "quantize", Name, _scratch["speech"], "--use", "--unjudged");
        told.Succeeded();
        Assert.Contains("not judged", told.Errors, StringComparison.Ordinal);
        Assert.Contains("likeliest emotion is the same", told.Output, StringComparison.Ordinal);
        Assert.Contains("notJudged", (await RunAsync("models", "list", "--json")).Output, StringComparison.Ordinal);
        Assert.Contains("It was not judged", (await RunAsync("models", "use", eight)).Errors, StringComparison.Ordinal);
        (await RunAsync("models", "verify")).Succeeded();
        JsonElement analysis = (await RunAsync("analyze", SampleFiles.Clean)).Json();
        Assert.Equal($"{eight}@{s_first[..12]}", analysis.GetProperty("models").GetProperty("emotion").GetString());
        Assert.Contains("already", (await RunAsync("models", "quantize", eight)).Refused(ExitCode.BadInput), StringComparison.Ordinal);
        Assert.Contains("no products", (await RunAsync("models", "quantize", "nrser-emotion-small")).Refused(ExitCode.Environment),
            StringComparison.Ordinal);
        (await RunAsync("models", "remove", eight)).Succeeded();
    }

    [Fact]
    public async Task Install_OfNrsersOwnCheckpoints_TellsThemByTheirTensors()
    {
        string seeded = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "seeded.json"), TestContext.Current.CancellationToken);
        JsonElement networks = JsonDocument.Parse(seeded).RootElement.GetProperty("networks");
        byte[] Seeded(string name) => SeededCheckpoint.PyTorch(networks.GetProperty(name).GetProperty("tensors").EnumerateObject()
            .ToDictionary(tensor => tensor.Name, tensor => tensor.Value.EnumerateArray().Select(axis => axis.GetInt64()).ToArray()));
        _scratch.Write("nrser/EMO/best", Seeded("nrser-emotion"));
        _scratch.Write("nrser/SNR/best", Seeded("nrser-snr"));
        _scratch.Write("nrser/SE/best", SeededCheckpoint.PyTorch(new Dictionary<string, long[]> { ["se_model.x"] = [1] }));
        (await RunAsync("models", "install", _scratch["nrser/EMO"], "--yes", "--name", "nrser-emo", "--use")).Succeeded();
        Outcome refused = await RunAsync("models", "install", Write(s_files, "categories"), "--yes", "--scale", "1", "5");
        refused.Failed(ExitCode.BadInput);
        Assert.Contains("rates nothing", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("--enhancer", (await RunAsync("models", "install", _scratch["nrser/SNR"], "--yes")).Refused(ExitCode.BadInput),
            StringComparison.Ordinal);
        (await RunAsync("models", "install", _scratch["nrser/SNR"], "--yes", "--name", "nrser-snr", "--enhancer", "nrser-enhancer-small", "--use"))
            .Succeeded();
        (await RunAsync("models", "verify")).Succeeded();
        JsonElement analysis = (await RunAsync("analyze", "--whole", SampleFiles.Clean)).Json();
        Assert.StartsWith("nrser-snr@", analysis.GetProperty("models").GetProperty("snrLevel").GetString(), StringComparison.Ordinal);
        Assert.Equal("1–7", analysis.GetProperty("segments")[0].GetProperty("ratingScale").GetString());

        using var download = new ModelDownload();
        var hub = new ModelHub(download, ModelHub.PublicHub);
        ModelSource enhancer = await hub.FindAsync("cmgan", _scratch["nrser"], pin: null, TestContext.Current.CancellationToken);
        Assert.Equal((ModelLayout.Cmgan, "best"), (enhancer.Layout, enhancer.Checkpoint.Name));
        ModelSource block = ModelHub.BlockBeside(enhancer, "cmgan@1")!;
        Assert.Equal((ModelLayout.NrserSnr, "cmgan@1"), (block.Layout, block.Enhancer));
    }

    [Fact]
    public async Task Install_OfAGatedModel_TellsTheTokenToTheHubAlone()
    {
        _hub.Token = "hf_secret";
        _hub.Publish(Id, s_first, s_files);
        Dictionary<string, string> settings = new(Settings()) { ["HF_TOKEN"] = "hf_secret" };
        foreach (string model in new[] { Name, "cmgan" }) // a mirror, or GitHub's, is not the hub
            await Nrser.RunWithAsync(settings, Typed(model));
        Assert.NotEmpty(_hub.Asked);
        Assert.All(_hub.Asked, request => Assert.Null(request.Header("Authorization")));

        settings["HF_ENDPOINT"] = $"{_hub.Url}";
        string[] typed = ["models", "install", Name, "--yes"];
        Outcome refused = await Nrser.RunWithAsync(new(settings) { ["HF_TOKEN"] = "" }, typed);
        refused.Failed(ExitCode.Environment);
        Assert.Contains("HF_TOKEN", refused.Errors, StringComparison.Ordinal);
        Outcome outcome = await Nrser.RunWithAsync(settings, typed);
        outcome.Succeeded();
        Assert.DoesNotContain("hf_secret", outcome.Output + outcome.Errors, StringComparison.Ordinal);
        Assert.NotEmpty(_hub.Fetched);
        Assert.All(_hub.Fetched, request => Assert.Null(request.Header("Authorization")));
    }

    [Fact]
    public async Task Install_KilledWhileFetching_GoesOnWhereItStopped()
    {
        byte[] content = s_files[Weights];
        _hub.Publish(Id, s_first, s_files, (request, whole) => _hub.Fetched.Count() > 1
            ? HubServer.Good(request, whole)
            : new PodcastAnswer(200, whole[..(whole.Length / 2)])
            {
                PromisedBytes = whole.Length, Stall = TimeSpan.FromMinutes(2),
                Headers = { ["ETag"] = HubServer.Good(request, whole).Headers["ETag"] },
            });
        string part = Path.Combine(Folder, "unfinished", Name, $"{Weights}.part");
        await using (RunningNrser running = await RunningNrser.StartAsync("licence", Settings(), Typed(Name)))
            await Waiting.UntilAsync("half of it is there", () => File.Exists(part) && new FileInfo(part).Length == content.Length / 2);
        JsonElement listed = (await RunAsync("models", "list", "--json")).Json();
        Assert.DoesNotContain(listed.EnumerateArray(), model => model.GetProperty("name").GetString() == Name);

        (await InstallAsync(Name)).Succeeded();
        PodcastRequest last = _hub.Fetched.Last();
        Assert.Equal(content.Length / 2, last.Start);
        Assert.NotNull(last.Header("If-Range"));
        (await RunAsync("models", "verify")).Succeeded();
    }

    [Fact]
    public async Task Install_WhenTheFileChangedMeanwhile_BeginsAnew()
    {
        _hub.Publish(Id, s_first, s_files);
        string stage = Path.Combine("installed", "unfinished", Name, $"{Weights}.part");
        _scratch.Write(stage, new byte[5000]);
        _scratch.Write($"{stage}.etag", "\"another\""u8);
        _scratch.Write(Path.Combine("installed", "unfinished", Name, "source"), System.Text.Encoding.ASCII.GetBytes($"{Id} {s_first}"));
        (await InstallAsync(Name)).Succeeded();
        Assert.Equal(5000, Assert.Single(_hub.Fetched).Start);
        (await RunAsync("models", "verify")).Succeeded();
    }

    [Fact]
    public async Task Install_WhenTheHubMovedOnMeanwhile_StaysWithTheRevisionItBegan()
    {
        _hub.TellsHashes = false;
        bool isUp = false;
        _hub.Publish(Id, s_first, s_files, (request, whole) => isUp ? HubServer.Good(request, whole) : new PodcastAnswer(404, []));
        (await InstallAsync(Name)).Failed(ExitCode.Environment);
        _hub.Publish(Id, s_second, SeededHubert.Files(change: config => config["num_attention_heads"] = 2));
        isUp = true;
        Outcome outcome = await InstallAsync(Name);
        outcome.Succeeded();
        Assert.Contains($"{Name}@{s_first[..12]}", outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_OfBytesThatAreNotTheHubs_IsRefusedAndForgotten()
    {
        bool lies = true;
        _hub.Publish(Id, s_first, s_files, (request, whole) => HubServer.Good(request, lies ? [.. whole.Select(value => (byte)~value)] : whole));
        Assert.Contains("SHA-256", (await InstallAsync(Name)).Errors, StringComparison.Ordinal);
        (await RunAsync("models", "list")).Succeeded();
        lies = false;
        (await InstallAsync(Name)).Succeeded();
    }

    [Fact]
    public async Task Install_WithoutConsent_FetchesNothing()
    {
        _hub.Publish(Id, s_first, s_files);
        Outcome outcome = await RunAsync("models", "install", Name, "--from", $"{_hub.Url}");
        outcome.Failed(ExitCode.BadInput);
        Assert.Contains("--yes", outcome.Errors, StringComparison.Ordinal);
        Assert.Empty(_hub.Fetched);
    }

    [Theory]
    [InlineData("nobody/nothing", "404")]
    [InlineData("cmgan", "404")]
    [InlineData("no-such-name", "OWNER/NAME")]
    [InlineData("../../etc", "no folder")]
    [InlineData("a/../b", "OWNER/NAME")]
    public async Task Install_OfWhatIsNowhere_SaysSo(string model, string reason)
    {
        string[] from = model.StartsWith('.') ? [] : ["--from", $"{_hub.Url}"];
        Outcome outcome = await RunAsync(["models", "install", model, "--yes", .. from]);
        Assert.NotEqual(0, outcome.ExitCode);
        Assert.Contains(reason, outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_OfAFolder_MapsItsLabelsOrAsksForThem()
    {
        string folder = Write(SeededHubert.Files(["calm", "neutral", "Happiness", "rage"], "wav2vec2", pickled: true), "mine");
        Outcome refused = await RunAsync("models", "install", folder, "--yes");
        refused.Failed(ExitCode.BadInput);
        Assert.Contains("--label rage=", refused.Errors, StringComparison.Ordinal);

        (await RunAsync("models", "install", folder, "--yes", "--use", "--label", "rage=angry")).Succeeded();
        const string Probability = "probability_";
        JsonElement segments = (await RunAsync("analyze", SampleFiles.Clean)).Json().GetProperty("segments");
        JsonElement speech = segments.EnumerateArray().First(segment => segment.GetProperty("isSpeech").GetBoolean());
        JsonProperty[] known = [.. speech.EnumerateObject().Where(value =>
            value.Name.StartsWith(Probability, StringComparison.Ordinal) && value.Value.ValueKind == JsonValueKind.Number)];
        Assert.Equal(
            ["angry", "happy", "neutral"], known.Select(value => value.Name[Probability.Length..]).Order(StringComparer.Ordinal));
        Assert.Equal(1, known.Sum(value => value.Value.GetDouble()), 1e-5); // calm is neutral, too: nothing is lost
        Assert.True(File.Exists(Path.Combine(folder, "pytorch_model.bin"))); // it is the user's
    }

    [Fact]
    public async Task Install_OfAModelThatRatesAlone_GivesRowsWithoutEmotions()
    {
        string folder = Write(SeededHubert.Files(["arousal", "dominance", "valence"], "wav2vec2"), "rates");
        (await RunAsync("models", "install", folder, "--yes", "--use", "--scale", "1", "5")).Succeeded();
        JsonElement segments = (await RunAsync("analyze", SampleFiles.Clean)).Json().GetProperty("segments");
        JsonElement speech = segments.EnumerateArray().First(segment => segment.GetProperty("isSpeech").GetBoolean());
        Assert.InRange(speech.GetProperty("valence").GetDouble(), 1, 5);
        Assert.Equal("1–5", speech.GetProperty("ratingScale").GetString());
        Assert.False(speech.GetProperty("isReportable").GetBoolean());
        Assert.All(["emotion", "confidence", "trust", "probability_happy"], name =>
            Assert.True(!speech.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null, name));
    }

    [Fact]
    public async Task Install_OfCheckpointsThatLie_LeavesNothing()
    {
        byte[] evil = SeededCheckpoint.PyTorch(
            new PickleWriter().Global("posix", "system").Text($"touch {_scratch["run"]}").Raw(0x85, (byte)'R', (byte)'.').ToArray(), []);
        IDictionary<string, byte[]> good = SeededHubert.Files(pickled: true);
        byte[] whole = good["pytorch_model.bin"];
        IDictionary<string, long[]> shapes = SeededHubert.Shapes("hubert", 4);
        shapes.Remove("projector.bias");
        foreach ((byte[] checkpoint, string reason) in new (byte[], string)[]
        {
            (evil, "posix.system"), (whole[..(whole.Length / 2)], "damaged"), (SeededCheckpoint.PyTorch(shapes), "projector.bias"),
            (SeededCheckpoint.PyTorch(SeededHubert.Shapes("hubert", 5)), "classifier"), (SeededHubert.Files()[Weights][..^1], "header"),
        })
        {
            string folder = Write(new Dictionary<string, byte[]>(good) { ["pytorch_model.bin"] = checkpoint }, "evil");
            Outcome outcome = await RunAsync("models", "install", folder, "--yes");
            outcome.Failed(ExitCode.Environment);
            Assert.Contains(reason, outcome.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain(Left(), name => name.StartsWith("evil", StringComparison.Ordinal));
        }

        Assert.False(File.Exists(_scratch["run"]));
        (await RunAsync("models", "list")).Succeeded();
    }

    private IEnumerable<string> Left() =>
        Directory.GetFileSystemEntries(Folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    private string Write(IDictionary<string, byte[]> files, string name)
    {
        foreach ((string file, byte[] content) in files)
            _scratch.Write(Path.Combine(name, file), content);
        return _scratch[name];
    }

    private string[] Typed(string model, params string[] more) => ["models", "install", model, "--from", $"{_hub.Url}", "--yes", .. more];

    private Task<Outcome> InstallAsync(string model, params string[] more) => RunAsync(Typed(model, more));

    private Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunWithAsync(Settings(), arguments);
    private Dictionary<string, string> Settings() => new() { ["NrSer__Models__InstalledPath"] = Folder };
}
