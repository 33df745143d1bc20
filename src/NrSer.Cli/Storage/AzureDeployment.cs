using System.Text.Json;
using NrSer.Cli.Output;

namespace NrSer.Cli.Storage;

/// <summary>Where the accounts of a deployment are, as <c>azd</c> noted when it made them.</summary>
internal static class AzureDeployment
{
    /// <summary>The output of <c>infra/main.bicep</c> for each setting.</summary>
    private static readonly (string Setting, string Output)[] s_endpoints =
    [
        ("NrSer:Storage:BlobEndpoint", "NRSER_BLOB_ENDPOINT"),
        ("NrSer:Storage:ResultsBlobEndpoint", "NRSER_RESULTS_BLOB_ENDPOINT"),
        ("NrSer:Storage:TableEndpoint", "NRSER_TABLE_ENDPOINT"),
    ];

    /// <summary>The same of what may be left open.</summary>
    private static readonly (string Setting, string Output)[] s_optional = [("NrSer:Forgetting:LogsKept", "NRSER_LOGS_KEPT")];

    /// <summary>Settings with the endpoints that were given; the rest from the environment (azd's hooks have them there) or azd's files.</summary>
    /// <param name="terminal">Its environment counts.</param>
    /// <param name="environment">Name of azd's environment, or null for its default.</param>
    /// <param name="given">Blobs, results, tables; null where not given.</param>
    /// <exception cref="UsageException">An endpoint is not known, or is none.</exception>
    public static IReadOnlyCollection<KeyValuePair<string, string?>> Settings(Terminal terminal, string? environment,
        params IReadOnlyList<Uri?> given)
    {
        // one from the environment must not come first
        var settings = new List<KeyValuePair<string, string?>> { CliServices.ConnectionSetting(null) };
        IReadOnlyDictionary<string, string>? noted = null;
        for (int i = 0; i < s_endpoints.Length; i++)
        {
            (string setting, string output) = s_endpoints[i];
            string? endpoint = given[i]?.ToString() ?? (environment is null ? terminal.Environment.GetValueOrDefault(output) : null);
            endpoint ??= (noted ??= Outputs(terminal, environment)).GetValueOrDefault(output);
            if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) || address.Scheme != Uri.UriSchemeHttps)
                throw new UsageException($"azd's environment has no {output}: deploy with 'azd up', or give the endpoints (see --help).");
            settings.Add(new(setting, endpoint));
        }

        foreach ((string setting, string output) in s_optional)
        {
            string? value = environment is null ? terminal.Environment.GetValueOrDefault(output) : null;
            if ((value ?? noted?.GetValueOrDefault(output)) is { Length: > 0 } told)
                settings.Add(new(setting, told));
        }

        return settings;
    }

    /// <summary>What azd noted of an environment, from the nearest <c>.azure</c> folder here or above.</summary>
    private static Dictionary<string, string> Outputs(Terminal terminal, string? environment)
    {
        DirectoryInfo? folder = new(Environment.CurrentDirectory);
        while (folder is not null && !Directory.Exists(Path.Combine(folder.FullName, ".azure")))
            folder = folder.Parent;
        if (folder is null)
            throw new UsageException("There is no .azure folder here or above: run this where 'azd up' was run, or give the endpoints (see --help).");
        string azure = Path.Combine(folder.FullName, ".azure");
        environment ??= terminal.Environment.GetValueOrDefault("AZURE_ENV_NAME") ?? DefaultEnvironment(azure);
        string file = Path.Combine(azure, Path.GetFileName(environment), ".env");
        if (!File.Exists(file))
            throw new UsageException($"azd has no environment '{environment}' in {azure}. See: azd env list");
        var outputs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(file))
        {
            if (line.Split('=', 2) is [var name, var value])
                outputs[name.Trim()] = value.Trim().Trim('"');
        }

        return outputs;
    }

    private static string DefaultEnvironment(string azure)
    {
        try
        {
            using JsonDocument config = JsonDocument.Parse(File.ReadAllText(Path.Combine(azure, "config.json")));
            return config.RootElement.GetProperty("defaultEnvironment").GetString() ?? "";
        }
        catch (Exception error) when (error is IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new UsageException($"{azure} does not say which environment is meant. Name one: --azure NAME");
        }
    }
}
