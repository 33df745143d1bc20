using Microsoft.Extensions.Options;

namespace NrSer.ServiceBus;

/// <summary>Refuses what would fail only at the first message, or would need a key.</summary>
internal sealed class ServiceBusOptionsValidator : IValidateOptions<ServiceBusOptions>
{
    private const string EmulatorMark = "UseDevelopmentEmulator=true";

    public ValidateOptionsResult Validate(string? name, ServiceBusOptions options) => options switch
    {
        { FullyQualifiedNamespace.Length: > 0, ConnectionString.Length: > 0 } => ValidateOptionsResult.Fail(
            $"Set {ServiceBusOptions.Section}:FullyQualifiedNamespace or ConnectionString, not both."),
        { ConnectionString.Length: > 0 } when !options.ConnectionString.Contains(EmulatorMark, StringComparison.OrdinalIgnoreCase) =>
            ValidateOptionsResult.Fail(
            $"{ServiceBusOptions.Section}:ConnectionString is for the emulator ({EmulatorMark}). "
            + "In Azure, set FullyQualifiedNamespace and use an identity."),
        { FullyQualifiedNamespace: null or "", ConnectionString: null or "" } => ValidateOptionsResult.Fail(
            $"Set {ServiceBusOptions.Section}:FullyQualifiedNamespace, such as name.servicebus.windows.net."),
        { FullyQualifiedNamespace: { Length: > 0 } host } when Uri.CheckHostName(host) != UriHostNameType.Dns => ValidateOptionsResult.Fail(
            $"{ServiceBusOptions.Section}:FullyQualifiedNamespace is a host name without scheme or path, not '{host}'."),
        _ => ValidateOptionsResult.Success,
    };
}
