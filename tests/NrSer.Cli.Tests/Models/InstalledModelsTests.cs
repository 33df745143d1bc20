using System.Text.Json;
using System.Text.Json.Nodes;
using NrSer.Cli.Tests.Processes;
using NrSer.Testing;
using static NrSer.Testing.FaultyServer;

namespace NrSer.Cli.Tests.Models;

public sealed class InstalledModelsTests : IDisposable
{
    private const string Name = "my-emotions";

    private static readonly string s_own = Path.Combine(AppContext.BaseDirectory, "models");

    private readonly Scratch _scratch = new();

    private string Folder => _scratch["installed"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Add_ThenUse_MakesItTheOneThatIsUsed()
    {
        (await RunProcessAsync("models", "add", Network(), "--entry", Entry())).Succeeded();
        Assert.False(await IsDefaultAsync(Name));
        (await RunProcessAsync("models", "use", Name)).Succeeded();
        Assert.True(await IsDefaultAsync(Name));
        (await RunAsync("models", "verify")).Succeeded();
        JsonElement analysis = (await RunAsync("analyze", SampleFiles.Clean)).Json();
        Assert.Equal($"{Name}@9.0.0", analysis.GetProperty("models").GetProperty("emotion").GetString());

        (await RunAsync("models", "use", "nrser-emotion-small")).Succeeded();
        Assert.False(await IsDefaultAsync(Name));
    }

    [Fact]
    public async Task Remove_TheOneThatIsUsed_GoesBackToTheProgramsOwn()
    {
        (await RunAsync("models", "add", Network(), "--entry", Entry())).Succeeded();
        (await RunAsync("models", "use", Name)).Succeeded();
        (await RunProcessAsync("models", "remove", Name)).Succeeded();
        Assert.True(await IsDefaultAsync("nrser-emotion-small"));
        Assert.Equal(["catalog.json", "catalog.lock"],
            Directory.GetFileSystemEntries(Folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        (await RunAsync("models", "remove", Name)).Refused(ExitCode.BadInput);
        (await RunAsync("models", "remove", "nrser-emotion-small")).Refused(ExitCode.BadInput);
    }

    [Fact]
    public async Task Add_AFileThatIsAnother_IsRefusedAndLeavesNothing()
    {
        string other = Path.Combine(s_own, "embedded", "snr-level.onnx");
        Assert.Contains("SHA-256", (await RunAsync("models", "add", other, "--entry", Entry())).Refused(ExitCode.Environment),
            StringComparison.Ordinal);
        Assert.Equal(["catalog.lock"], Directory.GetFileSystemEntries(Folder).Select(path => Path.GetFileName(path)!));
    }

    [Fact]
    public async Task Add_ANetworkThatComputesSomethingElseThanItsReference_IsRefused()
    {
        string entry = Entry();
        JsonNode fixture = JsonNode.Parse(await File.ReadAllTextAsync(_scratch["emotion.fixture.json"], TestContext.Current.CancellationToken))!;
        JsonNode logits = fixture["outputs"]![0]!;
        byte[] values = Convert.FromBase64String((string)logits["data"]!);
        BitConverter.TryWriteBytes(values, BitConverter.ToSingle(values) + 0.01f);
        logits["data"] = Convert.ToBase64String(values);
        await File.WriteAllTextAsync(_scratch["emotion.fixture.json"], fixture.ToJsonString(), TestContext.Current.CancellationToken);
        Assert.Contains("'logits' 0.01", (await RunAsync("models", "add", Network(), "--entry", entry)).Refused(ExitCode.Environment),
            StringComparison.Ordinal);
        Assert.Equal(["catalog.lock"], Directory.GetFileSystemEntries(Folder).Select(path => Path.GetFileName(path)!));
    }

    [Theory]
    [InlineData("name", "nrser-emotion-small", "more than once")]
    [InlineData("name", "../up", "letters")]
    [InlineData("name", "", "letters")]
    [InlineData("sampleRateHz", 8000, "16000")]
    [InlineData("kind", "dog", "not valid")]
    [InlineData("file", null, null)] // written anew
    [InlineData("licence", null, "licence")]
    public async Task Add_AnEntryThatDoesNotHold_IsRefusedWithTheReason(string field, object? value, string? reason)
    {
        Outcome outcome = await RunAsync("models", "add", Network(), "--entry", Entry(entry =>
        {
            if (value is null)
                entry.Remove(field);
            else
                entry[field] = JsonSerializer.SerializeToNode(value);
        }));
        if (reason is null)
        {
            outcome.Succeeded();
            return;
        }

        Assert.NotEqual(0, outcome.ExitCode);
        Assert.Contains(reason, outcome.Errors, StringComparison.Ordinal);
        (await RunAsync("models", "list")).Succeeded(); // nothing was spoilt
    }

    [Theory]
    [InlineData("not json", "no model entry")]
    [InlineData("[]", "no model entry")]
    [InlineData("{}", "letters")]
    public async Task Add_AFileThatIsNoEntry_IsRefused(string text, string reason) => Assert.Contains(
        reason, (await RunAsync("models", "add", Network(), "--entry", _scratch.Write("e.json", System.Text.Encoding.UTF8.GetBytes(text))))
            .Refused(ExitCode.BadInput), StringComparison.Ordinal);

    [Fact]
    public async Task Use_AnEnhancerOrABlockAlone_IsRefusedAndBothTogetherAreUsed()
    {
        await AddPairAsync();
        Assert.Contains("nrser models use my-enhancer my-snr", (await RunAsync("models", "use", "my-enhancer")).Refused(ExitCode.Environment),
            StringComparison.Ordinal);
        Assert.Contains("enhancer my-enhancer@9.0.0", (await RunAsync("models", "use", "my-snr")).Refused(ExitCode.Environment),
            StringComparison.Ordinal);
        Assert.True(await IsDefaultAsync("nrser-enhancer-small")); // nothing was changed

        (await RunAsync("models", "use", "my-enhancer", "my-snr")).Succeeded();
        (await RunAsync("models", "verify")).Succeeded();
        JsonElement models = (await RunAsync("analyze", SampleFiles.Clean)).Json().GetProperty("models");
        Assert.Equal(("my-enhancer@9.0.0", "my-snr@9.0.0"), (models.GetProperty("enhancer").GetString(), models.GetProperty("snrLevel").GetString()));

        (await RunAsync("models", "remove", "my-enhancer")).Succeeded();
        Assert.True(await IsDefaultAsync("nrser-enhancer-small"));
        Assert.True(await IsDefaultAsync("nrser-snr-level-small")); // the block alone would belong to nothing
    }

    // The pair is the program's own under other names, so that a segment scores the same whoever hears it.
    [Fact]
    public async Task Analyze_Cascade_SaysWhoSpoke()
    {
        await AddPairAsync();
        (await RunAsync("models", "use", "my-enhancer", "my-snr")).Succeeded();
        foreach ((string file, string speaker) in new[]
        {
            (SampleFiles.Clean, "nrser-enhancer-small@4.1.0"), (SampleFiles.Noisy, "my-enhancer@9.0.0"),
            (SampleFiles.NoiseOnly, "nrser-enhancer-small@4.1.0"),
        })
        {
            JsonElement plain = (await RunAsync("analyze", "--whole", file)).Json();
            JsonElement cascade = (await Nrser.RunWithAsync(
                new(Settings()) { ["NrSer__Models__Cascade"] = "true" }, "analyze", "--whole", file)).Json();
            JsonElement one = Assert.Single(plain.GetProperty("segments").EnumerateArray());
            JsonElement other = Assert.Single(cascade.GetProperty("segments").EnumerateArray());
            Assert.Equal("my-enhancer@9.0.0", one.GetProperty("enhancerModel").GetString());
            Assert.Equal(speaker, other.GetProperty("enhancerModel").GetString());
            Assert.All(one.EnumerateObject().Where(column => !column.Name.EndsWith("Model", StringComparison.Ordinal)),
                column => Assert.Equal(column.Value.ToString(), other.GetProperty(column.Name).ToString()));
            Assert.False(plain.GetProperty("models").TryGetProperty("screenEnhancer", out _));
            Assert.Equal("nrser-enhancer-small@4.1.0", cascade.GetProperty("models").GetProperty("screenEnhancer").GetString());
        }

        // The pair is a copy of the small one: it is left what is neither clean nor noise, and says the same.
        _scratch.Write("speech/neutral/a.wav", await File.ReadAllBytesAsync(SampleFiles.Clean, TestContext.Current.CancellationToken));
        _scratch.Write("noise/rain/a.wav", await File.ReadAllBytesAsync(SampleFiles.NoiseOnly, TestContext.Current.CancellationToken));
        JsonElement tables = (await RunAsync(
            "evaluate", "cascade", _scratch["speech"], "--noise", _scratch["noise"], "--snr", "0", "--json")).Json().GetProperty("tables");
        Assert.Equal(["0.000", "1.000", "0.000"], tables[0].GetProperty("rows").EnumerateArray().Select(row => row[2].GetString()![..5]));
        Assert.All(
            tables[0].GetProperty("rows").EnumerateArray().Take(2),
            row => Assert.StartsWith("1.000", row[6].GetString(), StringComparison.Ordinal));
        Assert.Equal("1.000", tables[1].GetProperty("rows")[0][1].GetString()); // an archive with nothing clean
        (await RunAsync("models", "use", "nrser-enhancer-small", "nrser-snr-level-small")).Succeeded();
        Assert.Contains("the small enhancer itself", (await RunAsync("evaluate", "cascade", _scratch["speech"])).Refused(ExitCode.BadInput),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Analyze_ABlockOfAnotherEnhancerBySetting_IsRefusedAndVerifySaysSo()
    {
        await AddPairAsync();
        var settings = new Dictionary<string, string> { ["NrSer__Models__InstalledPath"] = Folder, ["NrSer__Models__SnrLevel"] = "my-snr" };
        const string Sentence = "trained with the enhancer my-enhancer@9.0.0";
        Assert.Contains(Sentence, (await Nrser.RunWithAsync(settings, "analyze", SampleFiles.Clean)).Refused(ExitCode.Environment),
            StringComparison.Ordinal);
        Outcome verified = await Nrser.RunWithAsync(settings, "models", "verify", "--json");
        Assert.Equal(ExitCode.Environment, verified.ExitCode);
        Assert.Contains(Sentence, verified.Output, StringComparison.Ordinal);
        (await Nrser.RunWithAsync(settings, "models", "list")).Succeeded(); // so that one can see what there is
    }

    [Fact]
    public async Task Use_TwoOfOneKind_IsRefused()
    {
        (await RunAsync("models", "add", Network(), "--entry", Entry())).Succeeded();
        Assert.Contains("one kind", (await RunAsync("models", "use", "nrser-emotion-small", Name)).Refused(ExitCode.BadInput),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Use_AModelThatIsNowhere_NamesThoseThatAre() =>
        Assert.Contains("nrser-emotion-small", (await RunAsync("models", "use", "none")).Refused(ExitCode.BadInput), StringComparison.Ordinal);

    [Theory]
    [InlineData]
    [InlineData(Answer.Drop)]
    [InlineData(Answer.Busy, Answer.Drop, Answer.Drop)]
    [InlineData(Answer.Drop, Answer.IgnoreRange)]
    public async Task Install_ThroughATroubledServer_GoesOnAndIsWhole(params Answer[] answers)
    {
        await using var server = new FaultyServer(await File.ReadAllBytesAsync(Network(), TestContext.Current.CancellationToken), answers);
        await AddWithUrlAsync(server.Url);
        (await RunAsync("models", "install", Name)).Succeeded();
        (await RunAsync("models", "use", Name)).Succeeded();
        Assert.Equal(answers.Count(answer => answer is Answer.Drop or Answer.Busy) + 1, server.Starts.Count);
        // what had come was not asked for again
        Assert.Equal(answers.Count(answer => answer is Answer.Drop), server.Starts.Count(start => start > 0));
        Assert.DoesNotContain(Directory.GetFiles(Folder), file => file.EndsWith(".part", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Install_AfterAProcessThatBrokeOff_GoesOnWhereItStopped()
    {
        byte[] content = await File.ReadAllBytesAsync(Network(), TestContext.Current.CancellationToken);
        await using var server = new FaultyServer(content);
        await AddWithUrlAsync(server.Url);
        await File.WriteAllBytesAsync(Path.Combine(Folder, $"{Name}-9.0.0.onnx.part"), content[..1000], TestContext.Current.CancellationToken);
        _scratch.Write(Path.Combine("installed", $"{Name}-9.0.0.onnx.part.etag"), "\"one\""u8);
        (await RunAsync("models", "install", Name)).Succeeded();
        Assert.Equal([1000], server.Starts);
        (await RunAsync("models", "install", Name)).Succeeded(); // it is here: nobody is asked
        Assert.Single(server.Starts);
    }

    [Theory]
    [InlineData(Answer.Lie)]
    [InlineData(Answer.Truncate)]
    public async Task Install_FromAServerThatLies_IsRefusedAndThrownAway(Answer answer)
    {
        await using var server = new FaultyServer(await File.ReadAllBytesAsync(Network(), TestContext.Current.CancellationToken), answer);
        await AddWithUrlAsync(server.Url);
        Assert.Contains("SHA-256", (await RunAsync("models", "install", Name)).Refused(ExitCode.Environment), StringComparison.Ordinal);
        (await RunAsync("models", "use", Name)).Refused(ExitCode.Environment); // not there
        (await RunAsync("models", "install", Name)).Succeeded(); // the server has come to its senses
    }

    [Fact]
    public async Task Install_AFileThatIsNotThere_SaysSoAtOnce()
    {
        await using var server = new FaultyServer(content: [], Answer.Missing);
        await AddWithUrlAsync(server.Url);
        Assert.Contains("404", (await RunProcessAsync("models", "install", Name)).Refused(ExitCode.Environment), StringComparison.Ordinal);
        Assert.Single(server.Starts);
    }

    [Fact]
    public async Task Install_OverPlainHttpFromElsewhere_IsRefused()
    {
        await AddWithUrlAsync(new Uri("http://example.org/model.onnx"));
        Assert.Contains("https", (await RunAsync("models", "install", Name)).Refused(ExitCode.BadInput), StringComparison.Ordinal);
    }

    private static string Network(string stem = "emotion") => Path.Combine(s_own, "embedded", $"{stem}.onnx");

    /// <summary>The entry of the program's own emotion model under another name, or that of another kind.</summary>
    private string Entry(Action<JsonObject>? change = null, string kind = "emotion", string stem = "emotion")
    {
        JsonObject catalog = JsonNode.Parse(File.ReadAllText(Path.Combine(s_own, "catalog.json")))!.AsObject();
        JsonObject entry = catalog["models"]!.AsArray().Single(model => (string?)model!["kind"] == kind)!.DeepClone().AsObject();
        entry["name"] = Name;
        entry["version"] = "9.0.0";
        File.Copy(Path.Combine(s_own, "embedded", $"{stem}.fixture.json"), _scratch[$"{stem}.fixture.json"], overwrite: true);
        change?.Invoke(entry);
        return _scratch.Write("entry.json", JsonSerializer.SerializeToUtf8Bytes(entry));
    }

    /// <summary>The program's own enhancer and SNR-level block under other names, belonging together.</summary>
    private async Task AddPairAsync()
    {
        string enhancer = Entry(entry => entry["name"] = "my-enhancer", "enhancer", "enhancer");
        (await RunAsync("models", "add", Network("enhancer"), "--entry", enhancer)).Succeeded();
        string block = Entry(entry => (entry["name"], entry["snrLevel"]!["enhancer"]) = ("my-snr", "my-enhancer@9.0.0"), "snrLevel", "snr-level");
        (await RunAsync("models", "add", Network("snr-level"), "--entry", block)).Succeeded();
    }

    private async Task AddWithUrlAsync(Uri url) =>
        (await RunAsync("models", "add", "--entry", Entry(entry => entry["url"] = url.ToString()))).Succeeded();

    private async Task<bool> IsDefaultAsync(string name) => (await RunAsync("models", "list", "--json")).Json().EnumerateArray()
        .Single(model => model.GetProperty("name").GetString() == name).GetProperty("isDefault").GetBoolean();

    private Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunWithAsync(Settings(), arguments);

    private Task<Outcome> RunProcessAsync(params string[] arguments) => Nrser.RunProcessInAsync(_scratch.Path, Settings(), arguments);

    private Dictionary<string, string> Settings() => new() { ["NrSer__Models__InstalledPath"] = Folder };
}
