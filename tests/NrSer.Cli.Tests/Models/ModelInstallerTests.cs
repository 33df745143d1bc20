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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task InstallAsync_OfHalves_NeedsRoomForSingles(bool fromHub)
    {
        IDictionary<string, long[]> shapes = SeededHubert.Shapes("hubert", 4);
        IDictionary<string, byte[]> files = SeededHubert.Files();
        byte[] halves = files["model.safetensors"] = SeededCheckpoint.Safetensors(shapes, halves: true);
        await using var hub = new HubServer();
        hub.Publish("o/halves", new string('a', 40), files, parameters: shapes.Values.Sum(shape => shape.Aggregate(1L, (a, b) => a * b)));
        (string wanted, string? from) = fromHub ? ("o/halves", $"{hub.Url}") : (Write("halves", files), null);
        long once = (64 << 20) + (fromHub ? files.Values.Sum(file => file.Length) : 0) + halves.Length; // the slack, the download, as much again
        await Assert.ThrowsAsync<UsageException>(() => RunAsync(wanted, from, freeBytes: once + halves.Length / 2));
        Assert.Empty(hub.Fetched);
        Assert.Equal("halves", (await RunAsync(wanted, from, freeBytes: once + halves.Length)).Name);
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // a mirror that has files alone
    public async Task InstallAsync_OfCmgan_StaysWithWhatWasFirstSeenUntilToldOtherwise(bool tellsRevisions)
    {
        byte[] first = Cmgan(0), second = Cmgan(0.1f);
        await using var gitHub = new PodcastServer();
        void Serve(byte[] content, char revision)
        {
            string at = tellsRevisions ? new string(revision, 40) : "main";
            gitHub.Serve($"/ruizhecao96/CMGAN/raw/{at}/src/best_ckpt/ckpt", _ => new PodcastAnswer(200, content));
            if (tellsRevisions)
            {
                gitHub.Serve("/ruizhecao96/CMGAN/info/refs", _ => new PodcastAnswer(200, Encoding.ASCII.GetBytes(
                    $"001e# service=git-upload-pack\n00000155{at} HEAD\0multi_ack\n003d{at} refs/heads/main\n0000")));
            }
        }

        string Version(byte[] content, char revision) =>
            tellsRevisions ? new string(revision, 12) : Convert.ToHexStringLower(SHA256.HashData(content))[..12];
        Serve(first, 'a');
        Assert.Equal(Version(first, 'a'), (await RunAsync("cmgan", $"{gitHub.Url}")).Version);
        new InstalledModels(new ModelOptions { InstalledPath = Folder }).Remove("cmgan");

        Serve(second, 'b');
        Assert.Equal(tellsRevisions ? new string('a', 40) : null, new ModelPins(Folder).Find("cmgan")!.Revision);
        if (!tellsRevisions)
        {
            ModelException refused = await Assert.ThrowsAsync<ModelException>(() => RunAsync("cmgan", $"{gitHub.Url}"));
            Assert.Contains("--update", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(Version(second, 'b'), (await RunAsync("cmgan", $"{gitHub.Url}", update: true)).Version);
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
        ModelSource source = await new ModelHub(download, ModelHub.PublicHub)
            .FindAsync(wanted, from, update ? null : new ModelPins(Folder).Find(wanted), TestContext.Current.CancellationToken);
        return await new ModelInstaller(installed, download, _ => freeBytes).InstallAsync(
            source, ModelInstaller.NameOf(source.Id), _ => { }, prove ?? (_ => { }), TestContext.Current.CancellationToken);
    }

    private string Write(string name, IDictionary<string, byte[]>? files = null)
    {
        foreach ((string file, byte[] content) in files ?? SeededHubert.Files())
            _scratch.Write(Path.Combine(name, file), content);
        return _scratch[name];
    }
}
