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
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace NrSer.Pipeline;

/// <summary>Registration of the pipeline.</summary>
public static class ServiceCollectionExtensions
{
    private const string CollectorVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"; // OpenTelemetry specification, OTLP exporter configuration

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
    /// Sends traces and metrics to the OpenTelemetry collector that the environment names, as every OpenTelemetry program does
    /// (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and its relatives). Without one, nothing is sent anywhere.
    /// </summary>
    /// <param name="services">Receives the exporters.</param>
    /// <param name="configuration">Holds the environment.</param>
    public static IServiceCollection AddNrSerTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (string.IsNullOrEmpty(configuration[CollectorVariable]))
            return services;
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("nrser"))
            .WithTracing(tracing => tracing.AddSource(PipelineTelemetry.Name).AddOtlpExporter())
            .WithMetrics(metrics => metrics.AddMeter(PipelineTelemetry.Name).AddOtlpExporter());
        return services;
    }

    private static IServiceCollection AddPump(
        this IServiceCollection services, string queue, Func<IServiceProvider, Func<WorkMessage, CancellationToken, Task>> stage, bool tireless = false) =>
        services.AddSingleton<IHostedService>(provider =>
        {
            QueueOptions options = provider.GetRequiredService<IOptions<QueueOptions>>().Value;
            return new QueuePump(
                provider.Queue(queue), stage(provider), concurrency: 1, tireless ? Tireless(options) : options,
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<QueuePump>>());
        });

    /// <summary>Behind a poison queue there is no other: what cannot be written into a row now is tried until it can.</summary>
    private static QueueOptions Tireless(QueueOptions options) => new()
    {
        LockDuration = options.LockDuration, PollInterval = options.PollInterval, RetryDelay = options.RetryDelay, MaxDeliveries = int.MaxValue,
    };

    private static IWorkQueue Queue(this IServiceProvider provider, string name) => provider.GetRequiredKeyedService<IWorkQueue>(name);
}
