using System.Diagnostics;
using System.Text.RegularExpressions;
using NrSer.Testing;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>
/// The hooks of azd, with a script in the place of the Azure CLI that notes its arguments and answers as it is told. Shows their logic, not that the
/// CLI understands them.
/// </summary>
public sealed partial class HookTests : IDisposable
{
    private static readonly Dictionary<string, string> s_outputs = new(StringComparer.Ordinal)
    {
        ["AZURE_SUBSCRIPTION_ID"] = "subscription", ["AZURE_RESOURCE_GROUP"] = "group", ["NRSER_FUNCTIONS_NAME"] = "functions-name",
        ["NRSER_WORKER_NAME"] = "worker-name", ["NRSER_LOG_WORKSPACE"] = "workspace", ["NRSER_WORK_ACCOUNT"] = "work",
        ["NRSER_RESULTS_ACCOUNT"] = "results",
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-hooks-");

    private string Calls => File.Exists(Path.Combine(_folder.FullName, "calls")) ? File.ReadAllText(Path.Combine(_folder.FullName, "calls")) : "";

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("Completed\t2", "Completed\t3", "Completed\t0", 0, "The deployment works")]
    [InlineData("Completed\t2", "Failed\tNone\tIOException after 5 attempts", "Processing\tNone", 1, "did not come through")] // ffmpeg is missing
    [InlineData("Rejected\tNone\tNo audio.", "Completed\t2", "Completed\t0", 1, "did not come through")]
    [InlineData("Completed\t2", "Completed\t2", "Completed\t1", 1, "hears speech where there is none")]
    [InlineData("Completed\t2", "Completed\tNone", "Completed\t0", 1, "or none where there is")]
    public async Task SmokeTest_TheRowsHaveEnded_EndsAccordingly(string wav, string mp3, string noise, int exitCode, string says)
    {
        (int code, string said) = await RunAsync("smoke-test.sh", $"smoke-test/x/clean.mp3\t{mp3}\nsmoke-test/x/clean.wav\t{wav}\n"
            + $"smoke-test/x/noise-only.wav\t{noise}\n");
        Assert.Contains(says, said, StringComparison.Ordinal);
        Assert.Equal(exitCode, code);
        foreach (string sample in new[] { "clean.wav", "clean.mp3", "noise-only.wav" })
        {
            Assert.Matches(
                @"storage blob upload --auth-mode login --account-name work --container-name recordings "
                + $@"--name smoke-test/\d{{8}}T\d{{6}}Z/{Regex.Escape(sample)} --file models/samples/{Regex.Escape(sample)}", Calls);
            Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, "samples", sample)), sample);
        }

        Assert.Contains("storage entity query --auth-mode login --account-name results --table-name recordings", Calls, StringComparison.Ordinal);
    }

    // Nobody is signed in here: what must not happen is that the page comes itself, or nothing.
    [Theory]
    [InlineData("302", 0, "The deployment works")]
    [InlineData("401", 0, "The deployment works")]
    [InlineData("200", 1, "lets in whoever asks (200)")]
    [InlineData("504", 1, "the page does not answer (504)")]
    [InlineData("", 1, "the page does not answer (no answer)")]
    public async Task SmokeTest_ThereIsAPage_AsksForItsSignIn(string status, int exitCode, string says)
    {
        await WriteProgramAsync("curl", $"echo \"curl $*\" >> '{_folder.FullName}/calls'\n{(status.Length > 0 ? $"echo {status}" : "exit 7")}");
        (int code, string said) = await RunAsync(
            "smoke-test.sh", "x/clean.mp3\tCompleted\t2\nx/clean.wav\tCompleted\t2\nx/noise-only.wav\tCompleted\t0\n",
            ("NRSER_WEB_CLIENT_ID", "client"), ("NRSER_WEB_ADDRESS", "https://ca-web-x.example.net"), ("NRSER_SMOKE_TEST_SECONDS", "0"));
        Assert.Contains(says, said, StringComparison.Ordinal);
        Assert.Equal(exitCode, code);
        Assert.Matches("curl .* https://ca-web-x.example.net/\n", Calls);
    }

    [Fact]
    public async Task SmokeTest_NoRowInTime_SaysWhereToLook()
    {
        (int code, string said) = await RunAsync("smoke-test.sh", queryAnswer: "", ("NRSER_SMOKE_TEST_SECONDS", "0"));
        Assert.Equal(1, code);
        Assert.Contains("no row yet", said, StringComparison.Ordinal);
        Assert.Contains("az containerapp job execution list --subscription \"subscription\" --resource-group \"group\" --name \"worker-name\"", said,
            StringComparison.Ordinal);
        Assert.Contains("az monitor log-analytics query --workspace \"workspace\"", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SmokeTest_ToBeSkipped_AsksNobody()
    {
        (int code, string _) = await RunAsync("smoke-test.sh", queryAnswer: "", ("NRSER_SMOKE_TEST", "skip"));
        Assert.Equal((0, ""), (code, Calls));
    }

    [Fact]
    public async Task RegisterPage_BeforeTheFirstProvisioning_RegistersWithRolesAndNoSecret()
    {
        (int code, string said) = await RunAsync("register-page.sh", queryAnswer: "", ("AZURE_ENV_NAME", "dev"), ("AZURE_PRINCIPAL_ID", "deployer"));
        Assert.True(code == 0, said);
        Assert.Contains("ad app create --display-name nrser-dev --sign-in-audience AzureADMyOrg", Calls, StringComparison.Ordinal);
        Assert.Matches(
            "ad app update --id new-client --identifier-uris api://new-client --enable-id-token-issuance true --app-roles @.*page-roles.json", Calls);
        Assert.Contains("ad sp update --id new-service --set appRoleAssignmentRequired=true", Calls, StringComparison.Ordinal);
        Assert.Contains("env set NRSER_WEB_CLIENT_ID new-client", Calls, StringComparison.Ordinal);
        Assert.Equal(4, Calls.Split("\"principalId\": \"deployer\"").Length); // three roles
        Assert.DoesNotMatch("redirect|federated|credential reset|password", Calls);
    }

    [Fact]
    public async Task RegisterPage_AfterProvisioning_NamesTheAddressAndTrustsTheIdentity()
    {
        (int code, string said) = await RunAsync(
            "register-page.sh", queryAnswer: "", ("AZURE_ENV_NAME", "dev"), ("NRSER_WEB_CLIENT_ID", "client"),
            ("NRSER_WEB_ADDRESS", "https://ca-web-x.example.net"), ("NRSER_WEB_PRINCIPAL_ID", "identity"),
            ("NRSER_WEB_DOMAINS", "heard.example.org"));
        Assert.True(code == 0, said);
        Assert.DoesNotContain("ad app create", Calls, StringComparison.Ordinal);
        Assert.Contains(
            "ad app update --id client --web-redirect-uris https://ca-web-x.example.net/.auth/login/aad/callback "
            + "https://heard.example.org/.auth/login/aad/callback\n", Calls, StringComparison.Ordinal);
        Assert.Contains("ad app federated-credential create --id client", Calls, StringComparison.Ordinal);
        Assert.Contains("\"subject\": \"identity\"", Calls, StringComparison.Ordinal);
        Assert.Contains("the page: https://ca-web-x.example.net", said, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("NRSER_WEB", "none", "env set NRSER_WEB_CLIENT_ID \n")]
    [InlineData("AZURE_PRINCIPAL_TYPE", "ServicePrincipal", "")]
    public async Task RegisterPage_ThatIsNotWantedOrAllowed_AsksTheDirectoryNothing(string name, string value, string calls)
    {
        (int code, string _) = await RunAsync("register-page.sh", queryAnswer: "", ("AZURE_ENV_NAME", "dev"), (name, value));
        Assert.Equal((0, calls), (code, Calls));
    }

    [Fact]
    public async Task ForgetImages_AfterDown_ForgetsAllThatTheEnvironmentHas()
    {
        (int code, string said) = await RunAsync(
            "forget-images.sh",
            "AZURE_ENV_NAME=\"dev\"\nSERVICE_WEB_IMAGE_NAME=\"r/web:1\"\nSERVICE_WEB_URI=\"x\"\nSERVICE_WORKER_IMAGE_NAME=\"\"\n");
        Assert.True(code == 0, said);
        Assert.Equal("env get-values\nenv set SERVICE_WEB_IMAGE_NAME \nenv set SERVICE_WORKER_IMAGE_NAME \n", Calls);
    }

    [Theory]
    [InlineData("functions\t/functions\nweb\t/old/web\nworker\t/worker\n",
        "SERVICE_FUNCTIONS_IMAGE_NAME=r.azurecr.io/functions:1\nSERVICE_WORKER_IMAGE_NAME=r.azurecr.io/worker:1\n")]
    [InlineData("", "")]
    public async Task RunningImages_OfAnEnvironment_AreSaidButNotItsExamples(string resources, string says)
    {
        (int code, string said) = await RunAsync("running-images.sh", resources, ("AZURE_ENV_NAME", "dev"));
        Assert.Equal((0, says), (code, said));
        Assert.StartsWith("resource list --tag azd-env-name=dev ", Calls, StringComparison.Ordinal);
    }

    // What a parameter reads is what the script says.
    [Fact]
    public void RunningImages_AreReadByTheParameters() => Assert.All(["FUNCTIONS", "WORKER", "WEB"], service => Assert.Contains(
        $"readEnvironmentVariable('SERVICE_{service}_IMAGE_NAME', '')",
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "infra", "main.bicepparam")), StringComparison.Ordinal));

    [Fact]
    public void Hooks_OfAzd_AreTheSameOnWindows()
    {
        string azd = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "azure.yaml"));
        string[] posix = [.. PosixHook().Matches(azd).Select(hook => hook.Groups["name"].Value)];
        Assert.Equal(4, posix.Length);
        Assert.Equal(posix, WindowsHook().Matches(azd).Select(hook => hook.Groups["name"].Value));
        Assert.All(posix, hook => Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, "infra", "hooks", hook)), hook));
    }

    // In PowerShell, with a link in the place of the shell that Git for Windows has.
    [Theory]
    [InlineData("skip", 0, "Smoke test skipped")]
    [InlineData("", 1, "no row yet")]
    public async Task SmokeTest_OnWindows_RunsInTheShellOfGit(string mode, int exitCode, string says)
    {
        string? powershell = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, "pwsh")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(powershell is null || OperatingSystem.IsWindows(), "There is no PowerShell (pwsh) here.");
        string git = Directory.CreateDirectory(Path.Combine(_folder.FullName, "Git for Windows", "mingw64", "libexec", "git-core")).FullName;
        DirectoryInfo shells = Directory.CreateDirectory(Path.Combine(_folder.FullName, "Git for Windows", "bin"));
        File.CreateSymbolicLink(Path.Combine(shells.FullName, "sh.exe"), "/bin/sh");
        await WriteProgramAsync("git", $"echo '{git}'");
        (int code, string said) = await RunAsync(
            "smoke-test.sh", queryAnswer: "", [powershell!, "-NoProfile", "on-windows.ps1"],
            ("NRSER_SMOKE_TEST", mode), ("NRSER_SMOKE_TEST_SECONDS", "0"));
        Assert.Contains(says, said, StringComparison.Ordinal);
        Assert.Equal(exitCode, code);
    }

    [Fact]
    public async Task SmokeTest_OutsideAzd_SaysWhatIsMissing()
    {
        (int code, string said) = await RunAsync("smoke-test.sh", queryAnswer: "", ("NRSER_WORK_ACCOUNT", ""));
        Assert.NotEqual(0, code);
        Assert.Contains("NRSER_WORK_ACCOUNT", said, StringComparison.Ordinal);
        Assert.Equal("", Calls);
    }

    [GeneratedRegex(@"^      run: infra/hooks/(?<name>[a-z-]+\.sh)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex PosixHook();

    [GeneratedRegex(@"^      run: \./infra/hooks/on-windows\.ps1 (?<name>[a-z-]+\.sh); exit \$LASTEXITCODE$",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WindowsHook();

    private Task<(int ExitCode, string Said)> RunAsync(string hook, string queryAnswer, params (string Name, string Value)[] environment) =>
        RunAsync(hook, queryAnswer, ["sh"], environment);

    private Task WriteProgramAsync(string name, string script) => ShellScript.WriteAsync(Path.Combine(_folder.FullName, name), script);

    /// <summary>Runs a hook.</summary>
    /// <param name="hook">Its file.</param>
    /// <param name="queryAnswer">What the Azure CLI says of the rows.</param>
    /// <param name="by">What runs it: a program, and perhaps a script beside the hook, which is told its name.</param>
    /// <param name="environment">More variables.</param>
    private async Task<(int ExitCode, string Said)> RunAsync(
        string hook, string queryAnswer, string[] by, params (string Name, string Value)[] environment)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The hooks are shell scripts.");
        string checkout = Directory.CreateDirectory(Path.Combine(_folder.FullName, "checkout", "infra", "hooks")).FullName;
        foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "infra", "hooks")))
            File.Copy(file, Path.Combine(checkout, Path.GetFileName(file)), overwrite: true);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "answer"), queryAnswer, TestContext.Current.CancellationToken);
        foreach (string program in new[] { "az", "azd" })
        {
            await WriteProgramAsync(program, $"""
                echo "$*" >> "{_folder.FullName}/calls"
                case "$*" in "storage entity query"* | "env get-values") cat "{_folder.FullName}/answer" ;; "account show"*) echo somebody ;;
                    "resource list"*) cat "{_folder.FullName}/answer" ;; "resource show --ids /old"*) echo mcr.microsoft.com/example ;;
                    "resource show --ids "*) echo "r.azurecr.io$4:1" ;; "ad app create"*) echo new-client ;; "ad sp create"*) echo new-service ;; esac
                """);
        }

        string[] arguments = by[^1].EndsWith(".ps1", StringComparison.Ordinal)
            ? [.. by[1..^1], Path.Combine(checkout, by[^1]), hook]
            : [.. by[1..], Path.Combine(checkout, hook)];
        var start = new ProcessStartInfo(by[0], arguments)
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
