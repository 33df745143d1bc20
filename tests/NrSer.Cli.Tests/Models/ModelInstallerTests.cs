using NrSer.Cli.Models;
using NrSer.Cli.Tests.Processes;
using NrSer.Core.Models;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Models;

public sealed class ModelInstallerTests : IDisposable
{
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

    private async Task<ModelEntry> Run(string folder, Action<OnnxModel> prove, long freeBytes)
    {
        var installed = new InstalledModels(new ModelOptions { InstalledPath = Folder });
        using var download = new ModelDownload();
        ModelSource source = await new ModelHub(download, new ModelPins(Folder), ModelHub.PublicHub)
            .FindAsync(folder, from: null, update: false, TestContext.Current.CancellationToken);
        return await new ModelInstaller(installed, download, _ => freeBytes).InstallAsync(
            source, ModelInstaller.NameOf(source), _ => { }, prove, TestContext.Current.CancellationToken);
    }

    private string Write(string name)
    {
        foreach ((string file, byte[] content) in SeededHubert.Files())
            _scratch.Write(Path.Combine(name, file), content);
        return _scratch[name];
    }
}
