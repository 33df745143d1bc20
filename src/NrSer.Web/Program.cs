using NrSer.Dashboard;
using NrSer.Pipeline;

namespace NrSer.Web;

/// <summary>The container that serves the page of a deployment, behind the platform's sign-in.</summary>
internal static class Program
{
    private const int CannotServe = 3; // as the nrser command says that something is missing
    private const string ProbePath = "/healthz";

    // learn.microsoft.com, Container Apps, built-in environment variables
    private const string AppName = "CONTAINER_APP_NAME";
    private const string AppDomain = "CONTAINER_APP_ENV_DNS_SUFFIX";

    public static async Task<int> Main(string[] args)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddEnvironmentVariables("ASPNETCORE_").AddEnvironmentVariables().AddCommandLine(args).Build();
        if (HostsOf(configuration).Length == 0)
        {
            await Console.Error.WriteLineAsync(
                $"The page does not know by which names it is called: {AppName} and {AppDomain}, which Container Apps sets, or {WebOptions.Section}:"
                + $"{nameof(WebOptions.Domains)}.");
            return CannotServe;
        }

        await using WebApplication app = Build(configuration);
        await app.RunAsync();
        return 0;
    }

    /// <summary>The server, not yet started.</summary>
    /// <param name="configuration">Where the storage is, and by which names it is called.</param>
    internal static WebApplication Build(IConfiguration configuration)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddConfiguration(configuration);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning) // else a line for every request, with what was searched for
            .AddConfiguration(configuration.GetSection("Logging")).AddSimpleConsole(console => console.SingleLine = true);
        builder.AddNrSerDashboard(HostsOf(configuration));
        builder.Services.AddNrSerPlatformSignIn(OptionsOf(configuration).PlatformAuthentication).AddNrSerTelemetry(configuration).AddHealthChecks();
        WebApplication app = builder.Build();
        app.UseHealthChecks(ProbePath); // before names are looked at: a probe calls by address
        app.UseNrSerDashboard();
        return app;
    }

    private static WebOptions OptionsOf(IConfiguration configuration) => configuration.GetSection(WebOptions.Section).Get<WebOptions>() ?? new();

    /// <summary>The app's own name, and domains of one's own.</summary>
    private static string[] HostsOf(IConfiguration configuration)
    {
        string[] domains = OptionsOf(configuration).Domains.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return configuration[AppName] is { Length: > 0 } name && configuration[AppDomain] is { Length: > 0 } domain
            ? [$"{name}.{domain}", .. domains] : domains;
    }
}
