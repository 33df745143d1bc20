using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NrSer.Pipeline;
using NrSer.ServiceBus;

namespace NrSer.Functions;

/// <summary>The Functions host of everything but recognition.</summary>
internal static class Program
{
    public static void Main(string[] args)
    {
        FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
        builder.Services.AddNrSerPipeline().AddNrSerServiceBusQueues().AddNrSerTelemetry(builder.Configuration);
        builder.Services.AddOpenTelemetry().UseFunctionsWorkerDefaults();
        builder.Services.AddSingleton<TriggerSettlement>();
        builder.Build().Run();
    }
}
