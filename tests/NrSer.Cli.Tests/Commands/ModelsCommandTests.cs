using System.Text.Json;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

public sealed class ModelsCommandTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("list")]
    [InlineData("verify")]
    public async Task Models_OfThisProgram_AreListedWithoutProblem(string verb)
    {
        JsonElement[] models = [.. (await Nrser.RunProcessAsync("models", verb, "--json")).Json().EnumerateArray()];

        Assert.Equal(
            ["emotion", "enhancer", "snrLevel"],
            models.Where(model => model.GetProperty("isDefault").GetBoolean()).Select(model => model.GetProperty("kind").GetString())
                .Order(StringComparer.Ordinal));
        Assert.All(models, model =>
        {
            Assert.Equal(JsonValueKind.Null, model.GetProperty("problem").ValueKind);
            foreach (string name in new[] { "name", "version", "quality", "licence" })
                Assert.NotEqual("", model.GetProperty(name).GetString());
        });
    }

    [Fact]
    public async Task Verify_DamagedFile_NamesTheModelAndExitsWithThree()
    {
        string catalog = CopyCatalog();
        string damaged = Directory.GetFiles(Path.GetDirectoryName(catalog)!, "snr-level.onnx", SearchOption.AllDirectories).Single();
        byte[] bytes = await File.ReadAllBytesAsync(damaged, TestContext.Current.CancellationToken);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(damaged, bytes, TestContext.Current.CancellationToken);

        Outcome outcome = await Nrser.RunWithAsync(new() { ["NrSer__Models__CatalogPath"] = catalog }, "models", "verify", "--json");

        Assert.Equal(3, outcome.ExitCode);
        JsonElement broken = Assert.Single(
            JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray(), model => model.GetProperty("problem").ValueKind != JsonValueKind.Null);
        Assert.Equal("snrLevel", broken.GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Analyze_DamagedModel_RefusesAndExitsWithThree()
    {
        string catalog = CopyCatalog();
        File.Delete(Directory.GetFiles(Path.GetDirectoryName(catalog)!, "enhancer.onnx", SearchOption.AllDirectories).Single());

        (await Nrser.RunWithAsync(new() { ["NrSer__Models__CatalogPath"] = catalog }, "analyze", SampleFiles.Clean)).Refused(3);
    }

    [Fact]
    public async Task List_MissingCatalog_ExitsWithThree() =>
        (await Nrser.RunWithAsync(new() { ["NrSer__Models__CatalogPath"] = _scratch["missing.json"] }, "models", "list")).Refused(3);

    private string CopyCatalog()
    {
        string source = Path.Combine(AppContext.BaseDirectory, "models");
        foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
            _scratch.Write(Path.GetRelativePath(source, file), File.ReadAllBytes(file));
        return _scratch["catalog.json"];
    }
}
