using NrSer.CloudEdge.Tests.Infrastructure;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

[assembly: AssemblyFixture(typeof(CompiledBicep))]

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary><c>infra/main.bicep</c> as the compiler of the package makes ARM JSON of it, with every resource of its modules.</summary>
public sealed class CompiledBicep : IAsyncLifetime
{
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
        string main = Path.Combine(AppContext.BaseDirectory, "infra", "main.bicep");
        (Text, string compiler) = await RunAsync("build", main, "--stdout");
        (string said, string linter) = await RunAsync("lint", main);
        (string _, string parameters) = await RunAsync("build-params", Path.ChangeExtension(main, ".bicepparam"), "--stdout");
        Complaints = compiler + said + linter + parameters;
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

    private static async Task<(string Output, string Errors)> RunAsync(params string[] arguments)
    {
        string compiler = typeof(CompiledBicep).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "BicepPath")
            .Value!;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(compiler, File.GetUnixFileMode(compiler) | UnixFileMode.UserExecute); // packages carry no modes
        var start =
            new ProcessStartInfo(compiler, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? (await output, await errors) : throw new InvalidOperationException(await errors + await output);
    }
}
