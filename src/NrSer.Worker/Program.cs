using Microsoft.Extensions.Options;
using NrSer.Core.Models;
using NrSer.Pipeline;
using NrSer.ServiceBus;

namespace NrSer.Worker;

/// <summary>The container that recognises emotion: takes chunks from the queue until it is told to stop, or until there are none.</summary>
internal static partial class Program
{
    private const int CannotWork = 3; // as the nrser command says that something is missing

    public static async Task<int> Main(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        builder.Services.AddNrSerPipeline().AddNrSerServiceBusQueues().AddNrSerEmotionWorker().AddNrSerTelemetry(builder.Configuration);
        builder.Services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddHostedService<IdleExit>();
        builder.Services.AddHealthChecks().AddCheck<QueueHealthCheck>("queue");
        builder.Services.Configure<HostOptions>(host => (host.ShutdownTimeout, host.ServicesStopConcurrently) = (WorkerOptions.ShutdownTime, true));
        await using WebApplication app = builder.Build();
        app.MapHealthChecks("/healthz");
        try
        {
            // before the first message, so that no message is spent on a machine that cannot work
            _ = app.Services.GetRequiredService<ModelSet>().Emotion;
            await app.RunAsync();
            return Environment.ExitCode;
        }
        catch (Exception unusable) when (unusable is ModelException or OptionsValidationException)
        {
            LogUnusable(app.Logger, unusable.Message);
            return CannotWork;
        }
    }

    [LoggerMessage(4001, LogLevel.Critical, "The worker cannot start: {Reason}")]
    private static partial void LogUnusable(ILogger logger, string reason);
}
