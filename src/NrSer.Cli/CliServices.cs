using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NrSer.Cli.Output;
using NrSer.Core;
using NrSer.Core.Models;
using NrSer.Pipeline;

namespace NrSer.Cli;

/// <summary>Services for commands that do one thing and end. Configuration comes from the environment.</summary>
internal static class CliServices
{
    /// <summary>The method alone, without any storage.</summary>
    /// <param name="terminal">Its environment is the configuration.</param>
    /// <param name="overrides">Settings that the command line decides.</param>
    public static ServiceProvider Method(Terminal terminal, params IEnumerable<KeyValuePair<string, string?>> overrides) =>
        Build(services => services.AddNrSerCore(), terminal, overrides);

    /// <summary>The pipeline's storage.</summary>
    /// <param name="terminal">Its environment is the configuration.</param>
    /// <param name="overrides">Settings that the command line decides.</param>
    public static ServiceProvider Pipeline(Terminal terminal, params IEnumerable<KeyValuePair<string, string?>> overrides) =>
        Build(services => services.AddNrSerPipeline().AddNrSerStorageQueues(), terminal, overrides);

    /// <summary>A connection string as a setting.</summary>
    public static KeyValuePair<string, string?> ConnectionSetting(string? connection) => new("NrSer:Storage:ConnectionString", connection);

    /// <summary>Where models of this user are, unless the environment says otherwise.</summary>
    public static IConfigurationBuilder AddDefaultFolder(IConfigurationBuilder configuration) => configuration.AddInMemoryCollection([new(
        $"{ModelOptions.Section}:{nameof(ModelOptions.InstalledPath)}",
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "nrser", "models"))]);

    private static ServiceProvider Build(Action<IServiceCollection> add, Terminal terminal, IEnumerable<KeyValuePair<string, string?>> overrides)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(AddDefaultFolder(new ConfigurationBuilder()).AddInMemoryCollection(terminal.Settings)
            .AddInMemoryCollection(overrides).Build());
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(TimeProvider.System);
        add(services);
        return services.BuildServiceProvider();
    }
}
