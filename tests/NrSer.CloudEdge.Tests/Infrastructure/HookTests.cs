using System.Diagnostics;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>
/// The hooks of azd, with a script in the place of the Azure CLI that notes its arguments and answers as it is told. Shows their logic, not that the
/// CLI understands them.
/// </summary>
public sealed class HookTests : IDisposable
{
    private static readonly Dictionary<string, string> s_outputs = new(StringComparer.Ordinal)
    {
        ["AZURE_SUBSCRIPTION_ID"] = "subscription", ["AZURE_RESOURCE_GROUP"] = "group", ["AZURE_CONTAINER_REGISTRY_NAME"] = "registry",
        ["AZURE_CONTAINER_REGISTRY_ENDPOINT"] = "registry.azurecr.io", ["NRSER_WORKER_NAME"] = "worker-name", ["NRSER_WORKER_KIND"] = "job",
        ["NRSER_WORKER_COMPUTE"] = "cpu", ["NRSER_WORK_ACCOUNT"] = "work", ["NRSER_RESULTS_ACCOUNT"] = "results",
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-hooks-");

    private string Calls => File.Exists(Path.Combine(_folder.FullName, "calls")) ? File.ReadAllText(Path.Combine(_folder.FullName, "calls")) : "";

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("Completed", 0, "The deployment works")]
    [InlineData("Failed\tIOException after 5 attempts", 1, "did not come through")]
    [InlineData("Rejected\tNo audio.", 1, "did not come through")]
    public async Task SmokeTest_TheRowHasEnded_EndsAccordingly(string row, int exitCode, string says)
    {
        (int code, string said) = await RunAsync("smoke-test.sh", queryAnswer: row);
        Assert.Equal(exitCode, code);
        Assert.Contains(says, said, StringComparison.Ordinal);
        Assert.Matches(
            @"storage blob upload --auth-mode login --account-name work --container-name recordings "
            + @"--name smoke-test/\d{8}T\d{6}Z\.wav --file models/samples/clean\.wav", Calls);
        Assert.Contains("storage entity query --auth-mode login --account-name results --table-name recordings", Calls, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SmokeTest_NoRowInTime_SaysWhereToLook()
    {
        (int code, string said) = await RunAsync("smoke-test.sh", queryAnswer: "", ("NRSER_SMOKE_TEST_SECONDS", "0"));
        Assert.Equal(1, code);
        Assert.Contains("no row yet", said, StringComparison.Ordinal);
        Assert.Contains("az containerapp job execution list --subscription \"subscription\" --name \"worker-name\"", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SmokeTest_ToBeSkipped_AsksNobody()
    {
        (int code, string _) = await RunAsync("smoke-test.sh", queryAnswer: "", ("NRSER_SMOKE_TEST", "skip"));
        Assert.Equal((0, ""), (code, Calls));
    }

    [Theory]
    [InlineData("job", "cpu",
        "containerapp job update --subscription subscription --resource-group group --name worker-name --image registry.azurecr.io/worker:", false)]
    [InlineData("app", "gpu-t4",
        "containerapp update --subscription subscription --resource-group group --name worker-name --image registry.azurecr.io/worker:", true)]
    public async Task DeployWorker_EachKind_BuildsAndGivesItTheImage(string kind, string compute, string call, bool cuda)
    {
        (int code, string said) = await RunAsync("deploy-worker.sh", queryAnswer: "", ("NRSER_WORKER_KIND", kind), ("NRSER_WORKER_COMPUTE", compute));
        Assert.True(code == 0, said);
        Assert.Contains("acr build --subscription subscription --registry registry --image worker:", Calls, StringComparison.Ordinal);
        Assert.Equal(cuda, Calls.Contains("--target cuda --build-arg CUDA=true", StringComparison.Ordinal));
        Assert.Contains(call, Calls, StringComparison.Ordinal);
        Assert.Contains("env set SERVICE_WORKER_IMAGE_NAME registry.azurecr.io/worker:", Calls, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smoke-test.sh", "NRSER_WORK_ACCOUNT")]
    [InlineData("deploy-worker.sh", "AZURE_SUBSCRIPTION_ID")]
    public async Task Hook_OutsideAzd_SaysWhatIsMissing(string hook, string variable)
    {
        (int code, string said) = await RunAsync(hook, queryAnswer: "", (variable, ""));
        Assert.NotEqual(0, code);
        Assert.Contains(variable, said, StringComparison.Ordinal);
        Assert.Equal("", Calls);
    }

    private async Task<(int ExitCode, string Said)> RunAsync(string hook, string queryAnswer, params (string Name, string Value)[] environment)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The hooks are shell scripts.");
        string checkout = Directory.CreateDirectory(Path.Combine(_folder.FullName, "checkout", "infra", "hooks")).FullName;
        File.Copy(Path.Combine(AppContext.BaseDirectory, "infra", "hooks", hook), Path.Combine(checkout, hook));
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "answer"), queryAnswer, TestContext.Current.CancellationToken);
        foreach (string program in new[] { "az", "azd" })
        {
            string path = Path.Combine(_folder.FullName, program);
            await File.WriteAllTextAsync(path, $"""
                #!/bin/sh
                echo "$*" >> "{_folder.FullName}/calls"
                case "$*" in "storage entity query"*) cat "{_folder.FullName}/answer" ;; "account show"*) echo somebody ;; esac

                """, TestContext.Current.CancellationToken);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var start = new ProcessStartInfo("sh", [Path.Combine(checkout, hook)])
        {
            UseShellExecute = false, RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        start.Environment["PATH"] = $"{_folder.FullName}:{start.Environment["PATH"]}";
        foreach ((string name, string value) in s_outputs.Select(output => (output.Key, output.Value)).Concat(environment))
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
