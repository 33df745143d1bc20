using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NrSer.Dashboard.Api;
using NrSer.Dashboard.Audio;
using NrSer.Dashboard.Page;
using NrSer.Dashboard.Recordings;
using NrSer.Dashboard.Security;
using NrSer.Pipeline;

namespace NrSer.Dashboard;

/// <summary>Registration of the page and its API.</summary>
public static class ServiceCollectionExtensions
{
    private const long CachedSegments = 100_000; // about 40 MB: a recording of 10 h has 9,000

    /// <summary>Adds a server for the page, its API and all that they read through. Who is let in is added by <see cref="AddNrSerToken"/> or
    /// <see cref="AddNrSerPlatformSignIn"/>.</summary>
    /// <param name="builder">Receives it; has nothing yet but configuration and logging.</param>
    /// <param name="hosts">The names that it answers to.</param>
    public static void AddNrSerDashboard(this WebApplicationBuilder builder, params string[] hosts)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1 << 16; // nothing is uploaded here
        });
        builder.Services.Configure<HostFilteringOptions>(filtering =>
            (filtering.AllowedHosts, filtering.AllowEmptyHosts, filtering.IncludeFailureMessage) = (hosts, false, false));
        // open streams of events end with it
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Services.AddNrSerPipeline().AddNrSerStorageQueues().AddEndpointServices();
    }

    /// <summary>Lets in whoever has a token.</summary>
    /// <param name="services">Receives it.</param>
    /// <param name="token">Lets people in.</param>
    public static IServiceCollection AddNrSerToken(this IServiceCollection services, AccessToken token) =>
        services.AddSingleton<IAdmission>(new TokenAdmission(token));

    /// <summary>Lets in whom the platform says it knows, as far as their roles go.</summary>
    /// <param name="services">Receives it.</param>
    /// <param name="isOn">Whether the platform's sign-in is switched on: nobody is let in where it is not.</param>
    public static IServiceCollection AddNrSerPlatformSignIn(this IServiceCollection services, bool isOn) =>
        services.AddSingleton<IAdmission>(new PlatformAdmission(isOn));

    private static void AddEndpointServices(this IServiceCollection services)
    {
        services.AddOptions<DashboardOptions>().BindConfiguration(DashboardOptions.Section);
        services.AddRoutingCore();
        services.AddProblemDetails();
        services.AddExceptionHandler<Problems>();
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true); // so that Problems can name the parameter
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict; // numbers are no texts, and the description says so
            json.SerializerOptions.Converters.Add(new RecordingJson());
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter());
        });
        services.AddSingleton<IMemoryCache>(_ => new MemoryCache(new MemoryCacheOptions { SizeLimit = CachedSegments }));
        services.AddSingleton<RecordingListing>();
        services.AddSingleton<RecordingReader>();
        services.AddSingleton<RestoredAudio>();
        services.AddSingleton<OriginalAudio>();
        services.AddSingleton<HeardAudio>();
        services.AddSingleton<TrackReader>();
        services.AddSingleton<PeakReader>();
        services.AddSingleton<EmotionQuery>();
        services.AddSingleton<StaticPage>();
        services.AddOpenApi(ApiDocument.Name, ApiDocument.Configure);
    }

    /// <summary>Puts the gate before everything, and maps API and page behind it.</summary>
    /// <param name="app">Has <see cref="AddNrSerDashboard"/>'s services, and who is let in.</param>
    public static void UseNrSerDashboard(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.Use(Gatekeeper.RuleAsync);
        app.UseHostFiltering();
        app.UseExceptionHandler();
        app.UseMiddleware<Gatekeeper>();
        app.UseStatusCodePages();
        app.UseRouting();
        RouteGroupBuilder api = app.MapGroup("/api/v1").AddEndpointFilterFactory(ParameterRules.Check)
            .ProducesValidationProblem().ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        api.MapAbout();
        api.MapSummary();
        api.MapRecordings();
        api.MapSegments();
        api.MapAudio();
        api.MapExports();
        api.MapEmotions();
        api.MapFeeds();
        api.MapEvents();
        app.MapOpenApi("/api/{documentName}.json");
        app.Map("/api/{**rest}", () => TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: "There is no such part of the API."))
            .ExcludeFromDescription();
        app.Services.GetRequiredService<StaticPage>().Map(app);
    }
}
