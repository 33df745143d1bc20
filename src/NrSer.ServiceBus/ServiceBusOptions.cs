namespace NrSer.ServiceBus;

/// <summary>Where the queues are. The section has the names that the Functions runtime gives a Service Bus connection, so that one setting serves
/// both.</summary>
public sealed class ServiceBusOptions
{
    /// <summary>The configuration section, and the connection that triggers name.</summary>
    public const string Section = "ServiceBus";

    /// <summary>Host name of the namespace, used with an Entra identity, such as <c>name.servicebus.windows.net</c>.</summary>
    public string? FullyQualifiedNamespace { get; init; }

    /// <summary>For the emulator only (<c>UseDevelopmentEmulator=true</c>); in Azure there are no keys.</summary>
    public string? ConnectionString { get; init; }
}
