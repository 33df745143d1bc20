using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NrSer.Cli.Models;
using NrSer.Core;
using NrSer.Pipeline;

namespace NrSer.Cli;

/// <summary>Services for commands that do one thing and end. Configuration comes from the environment.</summary>
internal static class CliServices
{
    /// <summary>The method alone, without any storage.</summary>
    /// <param name="overrides">Settings that the command line decides.</param>
    public static ServiceProvider Method(params IEnumerable<KeyValuePair<string, string?>> overrides) =>
        Build(services => services.AddNrSerCore(), overrides);

    /// <summary>The pipeline's storage.</summary>
    /// <param name="overrides">Settings that the command line decides.</param>
    public static ServiceProvider Pipeline(params IEnumerable<KeyValuePair<string, string?>> overrides) =>
        Build(services => services.AddNrSerPipeline().AddNrSerStorageQueues(), overrides);

    private static ServiceProvider Build(Action<IServiceCollection> add, IEnumerable<KeyValuePair<string, string?>> overrides)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(InstalledModels.AddDefaultFolder(new ConfigurationBuilder()).AddEnvironmentVariables().AddInMemoryCollection(overrides).Build());
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(TimeProvider.System);
        add(services);
        return services.BuildServiceProvider();
    }
}
