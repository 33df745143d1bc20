using NrSer.CloudEdge.Tests.Infrastructure;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

[assembly: AssemblyFixture(typeof(CompiledBicep))]

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary><c>infra/main.bicep</c> as the compiler of the package makes ARM JSON of it, with every resource of its modules.</summary>
public sealed class CompiledBicep : IAsyncLifetime
{
    private static readonly string[] s_azd = ["AZURE_", "NRSER_", "SERVICE_"]; // how the names begin that the parameters read

    private static string Source => Path.Combine(AppContext.BaseDirectory, "infra");

    /// <summary>What the compiler and the linter said.</summary>
    public string Complaints { get; private set; } = "";

    /// <summary>The template as text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The template.</summary>
    public JsonElement Template { get; private set; }

    /// <summary>Every resource, those inside modules included, with the module it stands in.</summary>
    public IReadOnlyList<(string Module, JsonElement Resource)> Resources { get; private set; } = [];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string main = Path.Combine(Source, "main.bicep");
        (Text, Complaints) = await RunAsync(["build", main, "--stdout"], []);
        Template = JsonDocument.Parse(Text).RootElement;
        var found = new List<(string, JsonElement)>();
        Collect("main", Template, found);
        Resources = found;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Resources of a type, wherever they stand.</summary>
    public IEnumerable<JsonElement> Of(string type) =>
        Resources.Where(resource => resource.Resource.GetProperty("type").GetString() == type).Select(resource => resource.Resource);

    private static void Collect(string module, JsonElement template, List<(string Module, JsonElement Resource)> found)
    {
        JsonElement resources = template.GetProperty("resources");
        IEnumerable<(string Name, JsonElement Resource)> all = resources.ValueKind == JsonValueKind.Object
            ? resources.EnumerateObject().Select(property => (property.Name, property.Value))
            : resources.EnumerateArray().Select(resource => ("", resource));
        foreach ((string name, JsonElement resource) in all)
        {
            if (resource.TryGetProperty("existing", out JsonElement existing) && existing.GetBoolean())
                continue;
            if (resource.GetProperty("type").GetString() == "Microsoft.Resources/deployments")
                Collect(name, resource.GetProperty("properties").GetProperty("template"), found);
            else
                found.Add((module, resource));
        }
    }

    /// <summary>What a deployment would make, with the variables of azd's environment that are given, as the compiler predicts it offline.</summary>
    /// <param name="environment">Names and values; every other variable is as if it had never been set.</param>
    public static Task<JsonElement> PredictAsync(params (string Name, string Value)[] environment) => PredictAsync(_ => { }, environment);

    /// <summary>The same of infrastructure that was changed.</summary>
    /// <param name="change">Changes the copy in this folder.</param>
    /// <param name="environment">Names and values.</param>
    public static async Task<JsonElement> PredictAsync(Action<string> change, params (string Name, string Value)[] environment)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("nrser-bicep-"); // the prediction is written beside the parameters
        try
        {
            foreach (string file in Directory.GetFiles(Source, "*.bicep*", SearchOption.AllDirectories))
            {
                string copy = Path.Combine(folder.FullName, Path.GetRelativePath(Source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }

            change(folder.FullName);
            const string Nobody = "00000000-0000-0000-0000-000000000000";
            (string _, string errors) = await RunAsync(
                ["snapshot", Path.Combine(folder.FullName, "main.bicepparam"), "--mode", "overwrite", "--subscription-id", Nobody,
                    "--tenant-id", Nobody, "--location", "swedencentral"], environment);
            Assert.Equal("", errors);
            JsonElement prediction = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder.FullName, "main.snapshot.json"))).RootElement;
            Assert.Equal(0, prediction.GetProperty("diagnostics").GetArrayLength());
            return prediction;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(string Output, string Errors)> RunAsync(string[] arguments, (string Name, string Value)[] environment)
    {
        string compiler = typeof(CompiledBicep).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "BicepPath")
            .Value!;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(compiler, File.GetUnixFileMode(compiler) | UnixFileMode.UserExecute); // packages carry no modes
        var start =
            new ProcessStartInfo(compiler, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        foreach (string inherited in start.Environment.Keys.Where(name => s_azd.Any(name.StartsWith)).ToArray())
            start.Environment.Remove(inherited);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? (await output, await errors) : throw new InvalidOperationException(await errors + await output);
    }
}
