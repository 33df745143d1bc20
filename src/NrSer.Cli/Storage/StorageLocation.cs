using System.CommandLine;
using NrSer.Cli.Local;
using NrSer.Cli.Output;
using NrSer.Emulator;

namespace NrSer.Cli.Storage;

/// <summary>
/// How a command finds the storage: a stack running on a data folder, a connection string given to it or set in the environment, or the accounts
/// of a deployment in Azure.
/// </summary>
internal sealed class StorageLocation
{
    private const string EnvironmentVariable = "NrSer__Storage__ConnectionString";

    private readonly Option<string?> _connection = new("--connection-string")
    {
        Description = $"Storage to use instead of the running stack's; also read from {EnvironmentVariable}.",
    };

    private readonly Option<DirectoryInfo> _data = DataOption();

    private readonly Option<string?> _azure = new("--azure")
    {
        Description =
            "The deployment in Azure, signed in as you are (az login). Its endpoints are read from what azd left in .azure here or above; an "
            + "environment of azd can be named.",
        HelpName = "environment", Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<Uri?> _blobs = EndpointOption("--blob-endpoint", "recordings, such as https://name.blob.core.windows.net");
    private readonly Option<Uri?> _results = EndpointOption("--results-blob-endpoint", "results");
    private readonly Option<Uri?> _tables = EndpointOption("--table-endpoint", "tables");

    /// <summary>The folder that a stack keeps its data in.</summary>
    public static Option<DirectoryInfo> DataOption() => new("--data")
    {
        Description = "Folder of the local stack (nrser up).", DefaultValueFactory = _ => new DirectoryInfo(".nrser"),
    };

    /// <summary>Adds the options for a stack on this machine.</summary>
    public void AddLocalTo(Command command)
    {
        command.Add(_data);
        command.Add(_connection);
    }

    /// <summary>Adds all options.</summary>
    public void AddTo(Command command)
    {
        AddLocalTo(command);
        foreach (Option option in new Option[] { _azure, _blobs, _results, _tables })
            command.Add(option);
        command.Validators.Add(parsed =>
        {
            if (parsed.GetResult(_azure) is not null && (parsed.GetResult(_connection) is not null || parsed.GetResult(_data) is { Implicit: false }))
                parsed.AddError("--azure names another storage than --data and --connection-string do: give one of them.");
            if (parsed.GetResult(_azure) is null && new[] { _blobs, _results, _tables }.Any(option => parsed.GetResult(option) is not null))
                parsed.AddError("The endpoints of accounts go with --azure.");
        });
    }

    /// <summary>Refuses more than the emulator of a local stack can save.</summary>
    /// <param name="parsed">Of the command.</param>
    /// <param name="terminal">For its environment.</param>
    /// <exception cref="LocalStackException">It is nearly full.</exception>
    public void EnsureRoom(ParseResult parsed, Terminal terminal)
    {
        if (FindEmulator(parsed, terminal) is null)
            return;
        double fullness = AzuriteProcess.FullnessOf(StackFile.AzuriteFolder(parsed.GetRequiredValue(_data).FullName));
        if (fullness > AzuriteProcess.Full)
        {
            throw new LocalStackException(
                $"The storage emulator is {fullness:P0} full, and nothing is saved beyond that. Export what is there and go on in "
                + "another --data folder, or see docs/limits.md.");
        }
    }

    /// <summary>Whether the storage is on this machine, where nobody but us tells of uploads.</summary>
    public bool IsLocal(ParseResult parsed) => parsed.GetResult(_azure) is null;

    /// <summary>The settings that point the pipeline at the storage.</summary>
    /// <exception cref="LocalStackException">None is named and none runs.</exception>
    /// <exception cref="UsageException">The deployment's endpoints are not known.</exception>
    public IReadOnlyCollection<KeyValuePair<string, string?>> Settings(ParseResult parsed, Terminal terminal) => parsed.GetResult(_azure) is null
        ? [CliServices.ConnectionSetting(LocalConnection(parsed, terminal))]
        : AzureDeployment.Settings(terminal, parsed.GetValue(_azure), parsed.GetValue(_blobs), parsed.GetValue(_results), parsed.GetValue(_tables));

    /// <summary>The connection string of a stack on this machine.</summary>
    /// <exception cref="LocalStackException">None is named and none runs.</exception>
    public string LocalConnection(ParseResult parsed, Terminal terminal)
    {
        DirectoryInfo folder = parsed.GetRequiredValue(_data);
        return FindLocalConnection(parsed, terminal) ?? throw new LocalStackException(
            $"No stack runs on {folder.FullName}. Start one there with: nrser up --data {folder}, or give --connection-string.");
    }

    /// <summary>The connection string of a stack on this machine as it is now, or null when none is named and none runs.</summary>
    public string? FindLocalConnection(ParseResult parsed, Terminal terminal)
    {
        bool folderIsNamed = parsed.GetResult(_data) is { Implicit: false };
        return parsed.GetValue(_connection)
            ?? (folderIsNamed ? null : terminal.Environment.GetValueOrDefault(EnvironmentVariable)) // what is typed counts more than what is set
            ?? StackFile.FindRunning(parsed.GetRequiredValue(_data).FullName)?.ConnectionString;
    }

    /// <summary>Where a stack on this machine keeps what queries fetched; null where the storage is not a stack's.</summary>
    public string? LakeFolder(ParseResult parsed, Terminal terminal) =>
        FindStack(parsed, terminal) is not null ? Path.Combine(parsed.GetRequiredValue(_data).FullName, "lake") : null;

    /// <summary>The emulator of a stack on this machine, and the file by which it shows when it saved what uploads there are; null where the storage
    /// is not a stack's.</summary>
    public (int ProcessId, string BlobList)? FindEmulator(ParseResult parsed, Terminal terminal) =>
        FindStack(parsed, terminal) is { } stack
            ? (stack.AzuriteProcessId, AzuriteProcess.BlobListOf(StackFile.AzuriteFolder(parsed.GetRequiredValue(_data).FullName))) : null;

    private StackFile? FindStack(ParseResult parsed, Terminal terminal) =>
        parsed.GetResult(_azure) is null && StackFile.FindRunning(parsed.GetRequiredValue(_data).FullName) is { } running
            && running.ConnectionString == LocalConnection(parsed, terminal) ? running : null;

    private static Option<Uri?> EndpointOption(string name, string what) => new(name)
    {
        Description = $"With --azure: endpoint of the account with the {what}, instead of azd's.",
        HelpName = "https address",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme == Uri.UriSchemeHttps)
                return endpoint;
            result.AddError($"{name} takes an https address, not '{text}'.");
            return null;
        },
    };
}
