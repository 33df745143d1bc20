using Azure.Messaging.ServiceBus;
using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Extensions.Configuration;
using NrSer.CloudEdge.Tests.Functions.Protocol;

// See ServiceBusTriggerAttribute.cs.
namespace Microsoft.Azure.Functions.Worker;

/// <summary>Gives a function what settles its message: the host, which received it, is asked to.</summary>
/// <param name="configuration">Says where the host is.</param>
internal sealed class MessageActionsConverter(IConfiguration configuration) : IInputConverter, IDisposable
{
    private readonly GrpcChannel _host = GrpcChannel.ForAddress(configuration["Functions:Worker:HostEndpoint"]!);

    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) =>
        ValueTask.FromResult(ConversionResult.Success(new HostsActions(new Settlement.SettlementClient(_host))));

    public void Dispose() => _host.Dispose();

    private sealed class HostsActions(Settlement.SettlementClient host) : ServiceBusMessageActions
    {
        public override async Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            await host.CompleteAsync(new CompleteRequest { Locktoken = message.LockToken }, cancellationToken: cancellationToken);

        public override async Task AbandonMessageAsync(
            ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null,
            CancellationToken cancellationToken = default) =>
            await host.AbandonAsync(
                new AbandonRequest { Locktoken = message.LockToken, PropertiesToModify = MapOf(propertiesToModify) },
                cancellationToken: cancellationToken);

        public override async Task DeadLetterMessageAsync(
            ServiceBusReceivedMessage message, Dictionary<string, object>? propertiesToModify = null, string? deadLetterReason = null,
            string? deadLetterErrorDescription = null, CancellationToken cancellationToken = default) =>
            await host.DeadletterAsync(
                new DeadletterRequest
                {
                    Locktoken = message.LockToken, PropertiesToModify = MapOf(propertiesToModify), DeadletterReason = deadLetterReason,
                    DeadletterErrorDescription = deadLetterErrorDescription,
                },
                cancellationToken: cancellationToken);

        public override async Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            await host.RenewMessageLockAsync(new RenewMessageLockRequest { Locktoken = message.LockToken }, cancellationToken: cancellationToken);

        private static ByteString MapOf(IDictionary<string, object>? properties)
        {
            if (properties is null)
                return ByteString.Empty;
            var map = new AmqpMap();
            foreach ((string name, object value) in properties)
                map[new MapKey(name)] = value;
            using var buffer = new ByteBuffer(256, autoGrow: true);
            AmqpCodec.EncodeMap(map, buffer);
            return ByteString.CopyFrom(buffer.Buffer, 0, buffer.Length);
        }
    }
}
