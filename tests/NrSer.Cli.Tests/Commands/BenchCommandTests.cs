using System.Text.Json;
using System.Text.Json.Nodes;
using NrSer.Cli.Commands;
using NrSer.Cli.Tests.Processes;
using NrSer.Core.Models;

namespace NrSer.Cli.Tests.Commands;

public sealed class BenchCommandTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Bench_EmbeddedModels_AccountsForEveryStageAndModel(int threads)
    {
        JsonElement report = (await BenchAsync("--models", "embedded", "--threads", $"{threads}")).Json();

        Assert.Equal(threads, report.GetProperty("threads").GetInt32());
        double audio = report.GetProperty("audioSeconds").GetDouble();
        Assert.InRange(audio, 12, 30);
        JsonElement[] stages = [.. report.GetProperty("stages").EnumerateArray()], models = [.. report.GetProperty("models").EnumerateArray()];
        Assert.Equal(["decode", "enhance", "score", "mix", "recognise"], stages.Select(stage => stage.GetProperty("stage").GetString()));
        Assert.Equal(report.GetProperty("totalRtf").GetDouble(), stages.Sum(stage => stage.GetProperty("seconds").GetDouble()) / audio, 1e-9);
        Assert.All(models, model => Assert.Equal(1 / model.GetProperty("rtf").GetDouble(), model.GetProperty("audioHoursPerCoreHour").GetDouble(),
            1e-6 / model.GetProperty("rtf").GetDouble()));
        double networks = models.Sum(model => model.GetProperty("rtf").GetDouble());
        Assert.Equal(stages.Sum(stage => stage.GetProperty("inferenceSeconds").GetDouble()) / audio, networks, 1e-6);
        Assert.Equal(report.GetProperty("totalRtf").GetDouble() * threads / networks, report.GetProperty("totalToInference").GetDouble(), 1e-4);
        Assert.True(models[0].GetProperty("memoryMiB").GetDouble() > 1, "An enhancer of 2.7 MB took no memory.");
        Assert.True(report.GetProperty("peakMemoryMiB").GetDouble() > models.Sum(model => model.GetProperty("memoryMiB").GetDouble()));
    }

    [Fact(Explicit = true)] // half a minute, of a larger network
    public async Task Bench_FullWithALargerModelInstalled_RunsThatOne()
    {
        Assert.Contains("models/export", (await BenchAsync("--models", "full")).Refused(ExitCode.BadInput), StringComparison.Ordinal);

        string exported = Path.Combine(AppContext.BaseDirectory, "Exported", "snr-transformer");
        JsonObject entry = JsonNode.Parse(await File.ReadAllTextAsync($"{exported}.json", TestContext.Current.CancellationToken))!.AsObject();
        entry["snrLevel"]!["enhancer"] = Embedded().Choose(ModelKind.Enhancer, name: null).Id; // or it would belong to another, and not be taken
        File.Copy($"{exported}.fixture.json", _scratch["snr-transformer.fixture.json"]);
        string described = _scratch.Write("snr-transformer.json", JsonSerializer.SerializeToUtf8Bytes(entry));
        (await RunAsync("models", "add", $"{exported}.onnx", "--entry", described)).Succeeded();
        Assert.Equal(["nrser-enhancer-small", "snr-transformer", "nrser-emotion-small"], Names((await BenchAsync("--models", "full")).Json()));
        string[] own = ["nrser-enhancer-small", "nrser-snr-level-small", "nrser-emotion-small"];
        Assert.Equal(own, Names((await BenchAsync()).Json()));
        (await RunAsync("models", "use", "snr-transformer")).Succeeded();
        Assert.Equal(["nrser-enhancer-small", "snr-transformer", "nrser-emotion-small"], Names((await BenchAsync()).Json()));
        Assert.Equal(own, Names((await BenchAsync("--models", "embedded")).Json()));
    }

    [Fact]
    public void Largest_EnhancerWithoutABlockOfItsOwn_SaysWhyNot()
    {
        JsonObject catalog = JsonNode.Parse(File.ReadAllText(Embedded().Path))!.AsObject();
        JsonObject larger = catalog["models"]!.AsArray().Single(model => (string?)model!["kind"] == "enhancer")!.DeepClone().AsObject();
        larger["name"] = "larger";
        catalog["models"]!.AsArray().Add(larger);
        ModelCatalog models = ModelCatalog.Load(_scratch.Write("catalog.json", JsonSerializer.SerializeToUtf8Bytes(catalog)));

        UsageException error = Assert.Throws<UsageException>(() => BenchCommand.Largest(models, entry => entry.Name == "larger" ? 2 : 1));
        Assert.Contains($"larger@{larger["version"]}", error.Message, StringComparison.Ordinal);
        Assert.Equal(
            ["nrser-enhancer-small", "nrser-snr-level-small", "nrser-emotion-small"],
            BenchCommand.Largest(models, entry => entry.Name == "larger" ? 0 : 1).Select(entry => entry.Name));
    }

    private static ModelCatalog Embedded() => ModelCatalog.Load(Path.Combine(AppContext.BaseDirectory, "models", "catalog.json"));

    private static IEnumerable<string> Names(JsonElement report) =>
        report.GetProperty("models").EnumerateArray().Select(model => model.GetProperty("model").GetString()!.Split('@')[0]);

    /// <summary>In a process of its own, whose memory and time is what is measured.</summary>
    private Task<Outcome> BenchAsync(params string[] arguments) =>
        Nrser.RunProcessInAsync(_scratch.Path, Settings(), ["bench", "--minutes", "0.2", "--json", .. arguments]);

    private Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunWithAsync(Settings(), arguments);

    private Dictionary<string, string> Settings() => new() { ["NrSer__Models__InstalledPath"] = _scratch["installed"] };
}
