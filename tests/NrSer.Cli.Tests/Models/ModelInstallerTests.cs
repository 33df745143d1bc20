using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NrSer.Cli.Models;
using NrSer.Cli.Tests.Processes;
using NrSer.Core.Models;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Models;

public sealed class ModelInstallerTests : IDisposable
{
    private const string CmganPath = "/ruizhecao96/CMGAN/raw/main/src/best_ckpt/ckpt";

    private readonly Scratch _scratch = new();

    private string Folder => _scratch["installed"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task InstallAsync_WhenItDiesBeforeItIsEntered_IsNotThereAndCanBeRepeated()
    {
        string folder = Write("dying");
        await Assert.ThrowsAsync<IOException>(() => Run(folder, _ => throw new IOException("power"), long.MaxValue));
        Assert.Empty(Directory.EnumerateFiles(Folder, "*.onnx"));
        _scratch.Write(Path.Combine("installed", "dying-orphan.onnx"), [1]); // what nobody could clear away is in nobody's way
        ModelEntry entry = await Run(folder, _ => { }, long.MaxValue);
        Assert.Equal("dying", entry.Name);
        (await Nrser.RunWithAsync(new() { ["NrSer__Models__InstalledPath"] = Folder }, "models", "verify")).Succeeded();
    }

    [Fact]
    public async Task InstallAsync_WithoutRoom_SaysHowMuchIsNeeded()
    {
        UsageException error = await Assert.ThrowsAsync<UsageException>(() => Run(Write("large"), _ => { }, freeBytes: 1_000_000));
        Assert.Contains("room for 1 MB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InstallAsync_OfAPageInPlaceOfTheFile_AsksAgainTheNextTime()
    {
        byte[] page = Encoding.ASCII.GetBytes("<!DOCTYPE html><title>Welcome to our hotel</title>".PadRight(2_000)), sent = page;
        await using var gitHub = new PodcastServer();
        gitHub.Serve(CmganPath, _ => new PodcastAnswer(200, sent));
        ModelException refused = await Assert.ThrowsAsync<ModelException>(() => RunAsync("cmgan", $"{gitHub.Url}"));
        Assert.Contains("ckpt was thrown away", refused.Message, StringComparison.Ordinal);
        sent = Cmgan(0);
        Assert.Equal("cmgan", (await RunAsync("cmgan", $"{gitHub.Url}")).Name);
    }

    [Theory]
    [InlineData(null)] // of which nobody knows whether it is still the same
    [InlineData("W/\"v1\"")]
    [InlineData("\"v1\"")] // to a server that does not look at If-Range
    public async Task InstallAsync_OfAFileThatChangesOnTheWay_NeverMixesTwo(string? tag)
    {
        byte[] first = Cmgan(0), second = Cmgan(0.1f);
        await using var gitHub = new PodcastServer();
        gitHub.Serve(CmganPath, request =>
        {
            if (gitHub.Requests.Count(each => each.Path == CmganPath) > 1)
                return PodcastServer.Good(new PodcastRequest(request.Path, request.Target, Without("If-Range", request)), second, "", "\"v2\"");
            var broken = new PodcastAnswer(200, first[..(first.Length / 2)]) { PromisedBytes = first.Length };
            if (tag is not null)
                broken.Headers["ETag"] = tag;
            return broken;
        });
        ModelEntry entry = await RunAsync("cmgan", $"{gitHub.Url}");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(second))[..12], entry.Version);

        static Dictionary<string, string> Without(string header, PodcastRequest request) => new(
            request.Headers.Where(each => each.Key != header), StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task InstallAsync_OfAConfigurationThatIsNone_AsksForItAgainButNotForTheWeights()
    {
        IDictionary<string, byte[]> good = SeededHubert.Files(), bad = SeededHubert.Files();
        Array.Fill(bad["config.json"], (byte)'<');
        await using var hub = new HubServer();
        hub.Publish("o/n", new string('a', 40), bad);
        ModelException refused = await Assert.ThrowsAsync<ModelException>(() => RunAsync("o/n", $"{hub.Url}"));
        Assert.Contains("config.json", refused.Message, StringComparison.Ordinal);
        hub.Publish("o/n", new string('a', 40), good);
        Assert.Equal("n", (await RunAsync("o/n", $"{hub.Url}")).Name);
        Assert.Single(hub.Fetched);
    }

    /// <summary>CMGAN's checkpoint in full width.</summary>
    private static byte[] Cmgan(float steeper)
    {
        using JsonDocument seeded = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "seeded.json")));
        return SeededCheckpoint.PyTorch(
            seeded.RootElement.GetProperty("networks").GetProperty("cmgan").GetProperty("tensors").EnumerateObject()
                .ToDictionary(tensor => tensor.Name, tensor => tensor.Value.EnumerateArray().Select(axis => axis.GetInt64()).ToArray()), steeper);
    }

    private Task<ModelEntry> Run(string folder, Action<OnnxModel> prove, long freeBytes) => RunAsync(folder, from: null, prove, freeBytes);

    private async Task<ModelEntry> RunAsync(
        string wanted, string? from, Action<OnnxModel>? prove = null, long freeBytes = long.MaxValue, bool update = false)
    {
        var installed = new InstalledModels(new ModelOptions { InstalledPath = Folder });
        using var download = new ModelDownload();
        ModelSource source = await new ModelHub(download, new ModelPins(Folder), ModelHub.PublicHub)
            .FindAsync(wanted, from, update, TestContext.Current.CancellationToken);
        return await new ModelInstaller(installed, download, _ => freeBytes).InstallAsync(
            source, ModelInstaller.NameOf(source), _ => { }, prove ?? (_ => { }), TestContext.Current.CancellationToken);
    }

    private string Write(string name)
    {
        foreach ((string file, byte[] content) in SeededHubert.Files())
            _scratch.Write(Path.Combine(name, file), content);
        return _scratch[name];
    }
}
