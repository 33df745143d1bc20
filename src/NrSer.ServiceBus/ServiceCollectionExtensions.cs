using Azure.Identity;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;

namespace NrSer.ServiceBus;

/// <summary>Registration of the queues.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>Adds the work queues, two a stage, and that of episodes on one Service Bus connection, and what fills the latter. Their dead-letter
    /// queues are drained by triggers.</summary>
    /// <param name="services">Receives them, keyed by name.</param>
    public static IServiceCollection AddNrSerServiceBusQueues(this IServiceCollection services)
    {
        services.AddOptions<ServiceBusOptions>().BindConfiguration(ServiceBusOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServiceBusOptions>, ServiceBusOptionsValidator>();
        services.AddSingleton(provider =>
        {
            ServiceBusOptions options = provider.GetRequiredService<IOptions<ServiceBusOptions>>().Value;
            return options.ConnectionString is { Length: > 0 } emulator
                ? new ServiceBusClient(emulator)
                : new ServiceBusClient(options.FullyQualifiedNamespace, new DefaultAzureCredential());
        });
        foreach (string name in StorageNames.ServiceBusQueues)
        {
            services.AddKeyedSingleton<IWorkQueue>(
                name, (provider, _) =>
                    new ServiceBusWorkQueue(provider.GetRequiredService<ServiceBusClient>(), name, provider.GetRequiredService<TimeProvider>()));
        }

        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<FollowFeeds>(
            provider, provider.GetRequiredKeyedService<IWorkQueue>(StorageNames.DownloadsQueue)));
        return services;
    }
}
