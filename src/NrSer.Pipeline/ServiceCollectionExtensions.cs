using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Core;
using NrSer.Pipeline.Events;
using NrSer.Pipeline.Messages;
using NrSer.Pipeline.Queues;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace NrSer.Pipeline;

/// <summary>Registration of the pipeline.</summary>
public static class ServiceCollectionExtensions
{
    private const string CollectorVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"; // OpenTelemetry specification, OTLP exporter configuration
    private const string InsightsVariable = "APPLICATIONINSIGHTS_CONNECTION_STRING"; // Azure Monitor OpenTelemetry exporter

    /// <summary>Adds storage, tables and stages. Queues come from <see cref="AddNrSerStorageQueues"/> or from Service Bus.</summary>
    /// <param name="services">Receives them.</param>
    public static IServiceCollection AddNrSerPipeline(this IServiceCollection services)
    {
        services.AddNrSerCore();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section);
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.Section);
        services.AddOptions<QueueOptions>().BindConfiguration(QueueOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<QueueOptions>, QueueOptionsValidator>();
        services.AddOptions<SweepOptions>().BindConfiguration(SweepOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SweepOptions>, SweepOptionsValidator>();
        services.AddSingleton<QueueActivity>();
        services.AddSingleton<Settlement>();
        services.AddSingleton<StorageClients>();
        services.AddSingleton<ResultTables>();
        services.AddSingleton<ChunkBlobs>();
        services.AddSingleton<ResultBlobs>();
        services.AddSingleton<CompleteRecording>();
        services.AddSingleton<RejectRecording>();
        services.AddSingleton<RecordFailure>();
        services.AddSingleton<RecognizeEmotion>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<IngestRecording>(provider, provider.Queue(StorageNames.ChunksQueue)));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<EnhanceChunk>(provider, provider.Queue(StorageNames.EmotionsQueue)));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Sweep>(
            provider, (IReadOnlyList<IWorkQueue>)[.. StorageNames.Queues.Select(provider.Queue)]));
        return services;
    }

    /// <summary>Adds the three work queues, and the queues of what was given up, on the storage account.</summary>
    /// <param name="services">Receives them, keyed by name.</param>
    public static IServiceCollection AddNrSerStorageQueues(this IServiceCollection services)
    {
        foreach (string name in StorageNames.Queues.Concat(StorageNames.Queues.Select(StorageNames.PoisonOf)))
        {
            services.AddKeyedSingleton<IWorkQueue>(name, (provider, _) => new StorageWorkQueue(
                provider.GetRequiredService<StorageClients>(), name, provider.GetRequiredService<IOptions<QueueOptions>>().Value));
        }

        return services;
    }

    /// <summary>Hosts every stage in this process: what Functions, Event Grid and the workers do in Azure.</summary>
    /// <param name="services">Receives the hosted services.</param>
    public static IServiceCollection AddNrSerLocalHost(this IServiceCollection services)
    {
        services.AddHostedService<BlobEventPump>();
        services.AddHostedService<SweepTimer>();
        services.AddPump(StorageNames.UploadsQueue, provider => provider.GetRequiredService<IngestRecording>().RunAsync);
        services.AddPump(StorageNames.ChunksQueue, provider => provider.GetRequiredService<EnhanceChunk>().RunAsync);
        services.AddNrSerEmotionWorker();
        foreach (string queue in StorageNames.Queues)
        {
            services.AddPump(StorageNames.PoisonOf(queue), provider =>
            {
                RecordFailure failure = provider.GetRequiredService<RecordFailure>();
                return (message, cancellationToken) =>
                {
                    (string body, string reason) = RecordFailure.Open(message);
                    return failure.RunAsync(queue, body, reason, cancellationToken);
                };
            }, tireless: true);
        }

        return services;
    }

    /// <summary>Hosts the emotion stage alone.</summary>
    /// <param name="services">Receives the hosted service.</param>
    public static IServiceCollection AddNrSerEmotionWorker(this IServiceCollection services) =>
        services.AddPump(StorageNames.EmotionsQueue, provider => provider.GetRequiredService<RecognizeEmotion>().RunAsync);

    /// <summary>
    /// Sends traces and metrics to where the environment says: the OpenTelemetry collector that every OpenTelemetry program is told of
    /// (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and its relatives), or Application Insights (<c>APPLICATIONINSIGHTS_CONNECTION_STRING</c>, used
    /// with an Entra identity). Without either, nothing is sent anywhere.
    /// </summary>
    /// <param name="services">Receives the exporters.</param>
    /// <param name="configuration">Holds the environment.</param>
    public static IServiceCollection AddNrSerTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        bool toCollector = !string.IsNullOrEmpty(configuration[CollectorVariable]);
        string? insights = configuration[InsightsVariable];
        if (!toCollector && string.IsNullOrEmpty(insights))
            return services;
        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("nrser"))
            .WithTracing(tracing => tracing.AddSource(PipelineTelemetry.Name))
            .WithMetrics(metrics => metrics.AddMeter(PipelineTelemetry.Name));
        if (toCollector)
            telemetry.WithTracing(tracing => tracing.AddOtlpExporter()).WithMetrics(metrics => metrics.AddOtlpExporter());
        if (!string.IsNullOrEmpty(insights))
        {
            telemetry.UseAzureMonitorExporter(exporter =>
            {
                exporter.ConnectionString = insights; // an address: what it holds of a key is of no use where local authentication is off
                exporter.Credential = new DefaultAzureCredential();
            });
        }

        return services;
    }

    private static IServiceCollection AddPump(
        this IServiceCollection services, string queue, Func<IServiceProvider, Func<WorkMessage, CancellationToken, Task>> stage, bool tireless = false) =>
        services.AddSingleton<IHostedService>(provider => new QueuePump(
            provider.Queue(queue), stage(provider), concurrency: 1, tireless, provider.GetRequiredService<Settlement>(),
            provider.GetRequiredService<QueueActivity>(), provider.GetRequiredService<IOptions<QueueOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<QueuePump>>()));

    private static IWorkQueue Queue(this IServiceProvider provider, string name) => provider.GetRequiredKeyedService<IWorkQueue>(name);
}
