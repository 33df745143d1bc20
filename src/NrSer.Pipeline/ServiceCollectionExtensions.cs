using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Core;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Transcripts;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Pipeline.Work.StorageQueues;
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
        services.AddOptions<UploadOptions>().BindConfiguration(UploadOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<UploadOptions>, UploadOptionsValidator>();
        services.AddOptions<WorkAudioOptions>().BindConfiguration(WorkAudioOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<WorkAudioOptions>, WorkAudioOptionsValidator>();
        services.AddOptions<SweepOptions>().BindConfiguration(SweepOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SweepOptions>, SweepOptionsValidator>();
        services.AddOptions<LakeOptions>().BindConfiguration(LakeOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<LakeOptions>, LakeOptionsValidator>();
        services.AddSingleton<QueueActivity>();
        services.AddSingleton<Settlement>();
        services.AddSingleton<BlobStorage>();
        services.AddSingleton<BlobLease>();
        services.AddSingleton<ResultTables>();
        services.AddSingleton<SegmentBlobs>();
        services.AddSingleton<RecordingStore>();
        services.AddSingleton<UploadIndex>();
        services.AddSingleton(provider => new QueueAges([.. StorageNames.LaneQueues.Select(provider.Queue)]));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<UploadStore>(provider, provider.Lanes(StorageNames.UploadsQueue)));
        services.AddSingleton<UploadListing>();
        services.AddSingleton<MalwareScan>();
        services.AddSingleton<ChunkBlobs>();
        services.AddSingleton<ResultBlobs>();
        services.AddSingleton<TranscriptBlobs>();
        services.AddSingleton<DeploymentBlob>();
        services.AddSingleton<CompleteRecording>();
        services.AddSingleton<RejectRecording>();
        services.AddSingleton<RecordFailure>();
        services.AddSingleton<RecognizeEmotion>();
        services.AddSingleton<ChunkProgress>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ChunkIntake>(provider, provider.Lanes(StorageNames.ChunksQueue)));
        services.AddSingleton<CutUpload>();
        services.AddSingleton<AdmitUpload>();
        services.AddSingleton<BeginRecording>();
        services.AddSingleton<TakeInUpload>();
        services.AddSingleton<IngestRecording>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<EnhanceChunk>(provider, provider.Lanes(StorageNames.EmotionsQueue)));
        services.AddSingleton<Reconciliation>();
        services.AddSingleton<WorkAudio>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RestartRecording>(provider, provider.Lanes(StorageNames.ChunksQueue)));
        services.AddSingleton<UnstickRecordings>();
        services.AddSingleton<MendRecordings>();
        services.AddSingleton<ClockWatch>();
        services.AddSingleton<Sweep>();
        services.AddSingleton<LakeMarkers>();
        services.AddSingleton<LakeRetention>();
        services.AddSingleton<LakeBlobs>();
        services.AddSingleton<LakeDocuments>();
        services.AddSingleton<LakeParts>();
        services.AddSingleton<LakeTurn>();
        services.AddSingleton<LakeSource>();
        services.AddSingleton<LakeCompactor>();
        services.AddSingleton<LakeRebuild>();
        services.AddSingleton<LakeErasure>();
        services.AddSingleton<LakeVerifier>();
        return services.AddForgetting().AddPodcasts();
    }

    /// <summary>Adds the work queues, two a stage, and the queues of what was given up, on the storage account.</summary>
    /// <param name="services">Receives them, keyed by name.</param>
    public static IServiceCollection AddNrSerStorageQueues(this IServiceCollection services)
    {
        services.AddSingleton<StorageQueueAccount>();
        foreach (string name in StorageNames.StorageQueues)
        {
            services.AddKeyedSingleton<IWorkQueue>(name, (provider, _) => new StorageWorkQueue(
                provider.GetRequiredService<StorageQueueAccount>(), name, provider.GetRequiredService<IOptions<QueueOptions>>().Value));
        }

        return services;
    }

    /// <summary>Hosts every stage in this process: what Functions, Event Grid and the workers do in Azure.</summary>
    /// <param name="services">Receives the hosted services.</param>
    public static IServiceCollection AddNrSerLocalHost(this IServiceCollection services)
    {
        services.AddHostedService<BlobEventPump>();
        services.AddHostedService<SweepTimer>();
        services.AddHostedService<LakeTimer>();
        services.AddPumps(StorageNames.UploadsQueue, provider => provider.GetRequiredService<IngestRecording>().RunAsync, KeepsUpAsync);
        services.AddPumps(StorageNames.ChunksQueue, provider => provider.GetRequiredService<EnhanceChunk>().RunAsync);
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
            }, retryWithoutLimit: true);
        }

        return services;
    }

    /// <summary>Hosts the emotion stage alone.</summary>
    /// <param name="services">Receives the hosted service.</param>
    public static IServiceCollection AddNrSerEmotionWorker(this IServiceCollection services) =>
        services.AddPumps(StorageNames.EmotionsQueue, provider => provider.GetRequiredService<RecognizeEmotion>().RunAsync);

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

    /// <summary>Creates the containers, tables and storage queues that are missing: on a laptop nothing else does.</summary>
    /// <param name="provider">Has the pipeline and its storage queues.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public static async Task CreateMissingStorageAsync(this IServiceProvider provider, CancellationToken cancellationToken)
    {
        await provider.GetRequiredService<BlobStorage>().CreateMissingAsync(cancellationToken).ConfigureAwait(false);
        await provider.GetRequiredService<ResultTables>().CreateMissingAsync(cancellationToken).ConfigureAwait(false);
        await provider.GetRequiredService<StorageQueueAccount>().CreateMissingAsync(cancellationToken).ConfigureAwait(false);
    }

    private static IServiceCollection AddForgetting(this IServiceCollection services)
    {
        services.AddOptions<ForgetOptions>().BindConfiguration(ForgetOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ForgetOptions>, ForgetOptionsValidator>();
        services.AddOptions<RetentionOptions>().BindConfiguration(RetentionOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<RetentionOptions>, RetentionOptionsValidator>();
        services.AddSingleton<RetentionState>();
        services.AddSingleton<RetentionScope>();
        services.AddSingleton<StoreErasure>();
        services.AddSingleton<Retention>();
        services.AddSingleton<ForgottenStore>();
        services.AddSingleton<ForgottenFeedStore>();
        services.AddSingleton<ErasedRows>();
        services.AddSingleton<UploadErasure>();
        services.AddSingleton<RecordingErasure>();
        services.AddSingleton<EpisodeErasure>();
        services.AddSingleton(provider => new LetterErasure(provider.StorageQueues(), provider.GetRequiredService<BlobStorage>()));
        services.AddSingleton<Refusals>();
        services.AddSingleton<ProofChain>();
        services.AddSingleton<Remains>();
        services.AddSingleton<ForgetRequests>();
        services.AddSingleton<ForgottenErasure>();
        services.AddSingleton<ForgetProofs>();
        services.AddSingleton<ForgottenWatch>();
        services.AddSingleton<LookAgain>();
        services.AddSingleton<ForgetRecordings>();
        services.AddSingleton<RefuseUpload>();
        services.AddSingleton<ForgetTargets>();
        services.AddSingleton<ForgetFeed>();
        return services;
    }

    /// <summary>Every storage queue, where queues are such; those of Service Bus settle their messages themselves.</summary>
    private static IReadOnlyList<IWorkQueue> StorageQueues(this IServiceProvider provider)
    {
        StorageOptions storage = provider.GetRequiredService<IOptions<StorageOptions>>().Value;
        return storage.ConnectionString is { Length: > 0 } || storage.QueueEndpoint is not null
            ? [.. StorageNames.StorageQueues.Select(name => provider.GetKeyedService<IWorkQueue>(name)).OfType<StorageWorkQueue>()] : [];
    }

    private static IServiceCollection AddPodcasts(this IServiceCollection services)
    {
        services.AddOptions<PodcastOptions>().BindConfiguration(PodcastOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PodcastOptions>, PodcastOptionsValidator>();
        services.AddSingleton<PodcastStore>();
        services.AddSingleton<HostTurnStore>();
        services.AddSingleton<HostQueue>();
        services.AddSingleton<ByteRate>();
        services.AddSingleton<PodcastClient>();
        services.AddSingleton<FeedSources>();
        services.AddSingleton<EpisodeNotes>();
        services.AddSingleton<FeedUpdate>();
        services.AddSingleton<AudioDownload>();
        services.AddSingleton<AddressFetch>();
        services.AddSingleton<TranscriptFetch>();
        services.AddSingleton<EpisodeContents>();
        services.AddSingleton<EpisodeUploads>();
        services.AddSingleton<EpisodeFetch>();
        services.AddSingleton<FetchInTurn>();
        services.AddSingleton<PodcastSync>();
        return services;
    }

    /// <summary>One for each lane: as long as both have work, they share the machine.</summary>
    private static IServiceCollection AddPumps(
        this IServiceCollection services, string queue, Func<IServiceProvider, Func<WorkMessage, CancellationToken, Task>> stage,
        Func<IServiceProvider, Lane, CancellationToken, Task<bool>>? isOpen = null) =>
        services.AddPump(queue, stage, isOpen: isOpen).AddPump(StorageNames.BulkOf(queue), stage, isOpen: isOpen);

    /// <summary>Whether no chunk of a lane has waited for too long.</summary>
    private static async Task<bool> KeepsUpAsync(IServiceProvider provider, Lane lane, CancellationToken cancellationToken)
    {
        if (provider.GetRequiredService<IOptions<IngestOptions>>().Value.HoldAfter is not { } limit)
            return true;
        DateTimeOffset border = provider.GetRequiredService<TimeProvider>().GetUtcNow() - limit;
        foreach (string queue in new[] { StorageNames.ChunksQueue, StorageNames.EmotionsQueue })
        {
            if (await provider.Lanes(queue)[lane].OldestSentAtAsync(cancellationToken).ConfigureAwait(false) < border)
                return false;
        }

        return true;
    }

    private static IServiceCollection AddPump(
        this IServiceCollection services, string queue, Func<IServiceProvider, Func<WorkMessage, CancellationToken, Task>> stage,
        bool retryWithoutLimit = false, Func<IServiceProvider, Lane, CancellationToken, Task<bool>>? isOpen = null) =>
        services.AddSingleton<IHostedService>(provider => new QueuePump(
            new QueueHandler(
                provider.Queue(queue), stage(provider), RetryWithoutLimit: retryWithoutLimit,
                IsOpen: isOpen is null ? null : token => isOpen(provider, StageQueues.LaneOf(queue), token)),
            provider.GetRequiredService<Settlement>(), provider.GetRequiredService<QueueActivity>(),
            provider.GetRequiredService<IOptions<QueueOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<QueuePump>>()));

    private static StageQueues Lanes(this IServiceProvider provider, string queue) =>
        new(provider.Queue(queue), provider.Queue(StorageNames.BulkOf(queue)));

    private static IWorkQueue Queue(this IServiceProvider provider, string name) => provider.GetRequiredKeyedService<IWorkQueue>(name);
}
