using System.Text.Json;
using System.Text.Json.Nodes;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

/// <summary>The embedded emotion model, calibrated on half a minute of labelled speech; then its copy, calibrated in its place.</summary>
public sealed class CalibrateCommandTests : IDisposable
{
    private const string Model = "nrser-emotion-small", Copy = $"{Model}-calibrated";

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Calibrate_LabelledRecordings_WritesAnEntryThatRowsName()
    {
        JsonElement before = (await RunAsync("analyze", "--whole", _scratch.Write("a.wav", SampleFiles.Concatenated(1, SampleFiles.Clean))))
            .Json().GetProperty("segments")[0];
        string spoken = before.GetProperty("emotion").GetString()!;
        string other = spoken == "sad" ? "angry" : "sad";
        for (int i = 0; i < 30; i++) // right in two of three
            _scratch.Write($"speech/{(i % 3 == 0 ? other : spoken)}/{i}.wav", SampleFiles.Concatenated(1, SampleFiles.Clean));

        Outcome outcome = await RunAsync("models", "calibrate", Model, _scratch["speech"], "--right", "0.5", "--format", "json");
        outcome.Succeeded();
        Assert.Contains(Copy, outcome.Errors, StringComparison.Ordinal);
        JsonNode entry = Entry();
        double temperature = (double)entry["emotion"]!["temperature"]!;
        Assert.Equal(0, (double)entry["emotion"]!["reportableAbove"]!); // all together are right in two of three
        Assert.Equal("confidence", (string?)entry["emotion"]!["trust"]);
        Assert.StartsWith("4.2.0-cal.", (string?)entry["version"], StringComparison.Ordinal);
        Assert.Equal(30, (int)entry["measured"]!["calibration"]!["recordings"]!);

        (await RunAsync("models", "use", Copy)).Succeeded();
        JsonElement analysis = (await RunAsync("analyze", "--whole", _scratch["a.wav"])).Json();
        Assert.Equal($"{Copy}@{entry["version"]}", analysis.GetProperty("models").GetProperty("emotion").GetString());
        JsonElement segment = analysis.GetProperty("segments")[0];
        Assert.Equal(spoken, segment.GetProperty("emotion").GetString());
        double[] raised = [.. before.EnumerateObject().Where(column => column.Name.StartsWith("probability_", StringComparison.Ordinal)
            && column.Value.ValueKind == JsonValueKind.Number).Select(column => Math.Pow(column.Value.GetDouble(), 1 / temperature))];
        Assert.Equal(raised.Max() / raised.Sum(), segment.GetProperty("confidence").GetDouble(), 1e-4);
        Assert.True(temperature > 1.2 && segment.GetProperty("confidence").GetDouble() < before.GetProperty("confidence").GetDouble());

        // Again, in its place: what it says now is undone first, so the same recordings give the same.
        (await RunAsync("models", "calibrate", Copy, _scratch["speech"], "--right", "0.9")).Succeeded();
        Assert.Equal(temperature, (double)Entry()["emotion"]!["temperature"]!, 1e-2 * temperature);
        Assert.NotEqual((string?)entry["version"], (string?)Entry()["version"]);
        (await RunAsync("models", "verify")).Succeeded();
    }

    [Fact]
    public async Task Calibrate_TooLittle_SaysWhatIsNeeded()
    {
        _scratch.Write("speech/sad/a.wav", SampleFiles.Concatenated(1, SampleFiles.Clean));
        _scratch.Write("speech/bored/a.wav", SampleFiles.Concatenated(1, SampleFiles.Clean));
        string refused = (await RunAsync("models", "calibrate", Model, _scratch["speech"])).Refused(ExitCode.BadInput);
        Assert.Contains("1 recordings of 1 speakers", refused, StringComparison.Ordinal);
        Assert.Contains("neutral, happy, sad, angry", refused, StringComparison.Ordinal);
        Assert.Contains("kind Enhancer", (await RunAsync("models", "calibrate", "nrser-enhancer-small", _scratch["speech"]))
            .Refused(ExitCode.Environment), StringComparison.Ordinal);
    }

    private JsonNode Entry() => JsonNode.Parse(File.ReadAllText(_scratch["installed/catalog.json"]))!["models"]![0]!;

    private Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunWithAsync(
        new Dictionary<string, string> { ["NrSer__Models__InstalledPath"] = _scratch["installed"] }, arguments);
}
