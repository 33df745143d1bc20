using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Dashboard.Api;
using NrSer.Dashboard.Audio;
using NrSer.Dashboard.Page;
using NrSer.Dashboard.Recordings;
using NrSer.Dashboard.Security;

namespace NrSer.Dashboard;

/// <summary>Registration of the page and its API.</summary>
public static class ServiceCollectionExtensions
{
    private const long CachedSegments = 100_000; // about 40 MB: a recording of 10 h has 9,000

    /// <summary>Adds what the endpoints use; storage and tables come from the pipeline.</summary>
    /// <param name="services">Receives it.</param>
    public static IServiceCollection AddNrSerDashboard(this IServiceCollection services)
    {
        services.AddOptions<DashboardOptions>().BindConfiguration(DashboardOptions.Section);
        services.AddRoutingCore();
        services.AddProblemDetails();
        services.AddExceptionHandler<Problems>();
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true); // so that Problems can name the parameter
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.Converters.Add(new RecordingJson());
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter());
        });
        services.AddSingleton<IMemoryCache>(_ => new MemoryCache(new MemoryCacheOptions { SizeLimit = CachedSegments }));
        services.AddSingleton<RecordingListing>();
        services.AddSingleton<RecordingReader>();
        services.AddSingleton<OriginalAudio>();
        services.AddSingleton<TrackReader>();
        services.AddSingleton<PeakReader>();
        services.AddSingleton<EmotionQuery>();
        services.AddSingleton<StaticPage>();
        services.AddOpenApi(ApiDocument.Name, ApiDocument.Configure);
        return services;
    }

    /// <summary>Puts the gate before everything, and maps API and page behind it.</summary>
    /// <param name="app">Has <see cref="AddNrSerDashboard"/>'s services and an <see cref="AccessToken"/>.</param>
    public static void UseNrSerDashboard(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseHostFiltering();
        app.UseExceptionHandler();
        app.UseMiddleware<Gatekeeper>();
        app.UseStatusCodePages();
        app.UseRouting();
        RouteGroupBuilder api = app.MapGroup("/api/v1").AddEndpointFilterFactory(KnownParameters.Check);
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
