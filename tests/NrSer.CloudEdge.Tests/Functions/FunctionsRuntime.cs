using System.Reflection;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NrSer.Functions;
using NrSer.Pipeline;
using NrSer.ServiceBus;

namespace NrSer.CloudEdge.Tests.Functions;

/// <summary>
/// Stands in for the Functions runtime: finds the functions by their attributes and calls each with the messages of the queue that its trigger
/// names, one at a time, settling nothing itself.
/// </summary>
internal sealed class FunctionsRuntime : IAsyncDisposable
{
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(200);

    private readonly ServiceProvider _services;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private FunctionsRuntime(ServiceProvider services, ServiceBusClient client)
    {
        _services = services;
        _running = Task.WhenAll(Triggers.Select(trigger => RunAsync(trigger.Method, client.CreateReceiver(trigger.Trigger.QueueName))));
    }

    /// <summary>Every function that a queue triggers.</summary>
    public static IReadOnlyList<(MethodInfo Method, ServiceBusTriggerAttribute Trigger)> Triggers { get; } =
    [
        .. from method in Methods
           from parameter in method.GetParameters()
           let trigger = parameter.GetCustomAttribute<ServiceBusTriggerAttribute>()
           where trigger is not null
           select (method, trigger),
    ];

    /// <summary>Every function.</summary>
    public static IEnumerable<MethodInfo> Methods => typeof(TriggerSettlement).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods()).Where(method => method.GetCustomAttribute<FunctionAttribute>() is not null);

    /// <summary>Starts calling.</summary>
    /// <param name="settings">As the container's environment has them.</param>
    /// <param name="client">Receives for the runtime; the host's own connection comes from the settings.</param>
    public static FunctionsRuntime Start(IEnumerable<KeyValuePair<string, string?>> settings, ServiceBusClient client)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.None));
        services.AddNrSerPipeline().AddNrSerServiceBusQueues();
        services.AddSingleton<TriggerSettlement>();
        return new FunctionsRuntime(services.BuildServiceProvider(), client);
    }

    /// <summary>Calls the timer's function that follows podcasts once.</summary>
    public Task FollowAsync() => ActivatorUtilities.CreateInstance<PodcastFunctions>(_services)
        .FollowAsync(new TimerInfo(), TestContext.Current.CancellationToken);

    /// <summary>Calls the timer's function once.</summary>
    public Task TickAsync() =>
        ActivatorUtilities.CreateInstance<SweepFunction>(_services).RunAsync(new TimerInfo(), TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        await _services.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync(MethodInfo method, ServiceBusReceiver receiver)
    {
        object target = ActivatorUtilities.CreateInstance(_services, method.DeclaringType!);
        while (!_stopping.IsCancellationRequested)
        {
            if (await receiver.ReceiveMessageAsync(s_wait, CancellationToken.None) is { } message)
                await (Task)method.Invoke(target, [message, new ReceiverActions(receiver), _stopping.Token])!;
        }

        await receiver.DisposeAsync();
    }

    private sealed class ReceiverActions(ServiceBusReceiver receiver) : ServiceBusMessageActions
    {
        public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            receiver.CompleteMessageAsync(message, cancellationToken);

        public override Task AbandonMessageAsync(
            ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null,
            CancellationToken cancellationToken = default) =>
            receiver.AbandonMessageAsync(message, propertiesToModify, cancellationToken);

        public override Task DeadLetterMessageAsync(
            ServiceBusReceivedMessage message, Dictionary<string, object>? propertiesToModify = null, string? deadLetterReason = null,
            string? deadLetterErrorDescription = null, CancellationToken cancellationToken = default) =>
            receiver.DeadLetterMessageAsync(message, deadLetterReason, deadLetterErrorDescription, cancellationToken);

        public override Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            receiver.RenewMessageLockAsync(message, cancellationToken);
    }
}
