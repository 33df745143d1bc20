using System.CommandLine;

namespace NrSer.Cli.Local;

/// <summary>How a command finds the storage: a connection string given to it or set in the environment, or a stack running on a data folder.</summary>
internal sealed class StorageLocation
{
    private const string EnvironmentVariable = "NrSer__Storage__ConnectionString";

    private readonly Option<string?> _connection = new("--connection-string")
    {
        Description = $"Storage to use instead of the running stack's; also read from {EnvironmentVariable}.",
    };

    private readonly Option<DirectoryInfo> _data = DataOption();

    /// <summary>The folder that a stack keeps its data in.</summary>
    public static Option<DirectoryInfo> DataOption() => new("--data")
    {
        Description = "Folder of the local stack (nrser up).", DefaultValueFactory = _ => new DirectoryInfo(".nrser"),
    };

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command)
    {
        command.Add(_data);
        command.Add(_connection);
    }

    /// <summary>The setting that points the pipeline at the storage.</summary>
    /// <exception cref="LocalStackException">None is named and none runs.</exception>
    public KeyValuePair<string, string?> Setting(ParseResult parsed)
    {
        DirectoryInfo folder = parsed.GetRequiredValue(_data);
        bool folderIsNamed = parsed.GetResult(_data) is { Implicit: false };
        string connection = parsed.GetValue(_connection)
            ?? (folderIsNamed ? null : Environment.GetEnvironmentVariable(EnvironmentVariable)) // what is typed counts more than what is set
            ?? StackFile.FindRunning(folder.FullName)?.ConnectionString
            ?? throw new LocalStackException(
                $"No stack runs on {folder.FullName}. Start one there with: nrser up --data {folder}, or give --connection-string.");
        return ConnectionSetting(connection);
    }

    /// <summary>A connection string as a setting.</summary>
    public static KeyValuePair<string, string?> ConnectionSetting(string connection) => new("NrSer:Storage:ConnectionString", connection);
}
