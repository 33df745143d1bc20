using Azure.Messaging.ServiceBus;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Azure.Amqp;
using NrSer.CloudEdge.Tests.Functions.Protocol;

namespace NrSer.CloudEdge.Tests.Functions;

/// <summary>Settles what the worker holds, on its word, as the host's half of the Service Bus extension does.</summary>
/// <param name="host">Received the messages.</param>
internal sealed class HostsSettlement(FunctionsHost host) : Settlement.SettlementBase
{
    public override Task<Empty> Complete(CompleteRequest request, ServerCallContext context) =>
        SettleAsync(request.Locktoken, (receiver, message) => receiver.CompleteMessageAsync(message, context.CancellationToken));

    public override Task<Empty> Abandon(AbandonRequest request, ServerCallContext context) => SettleAsync(
        request.Locktoken,
        (receiver, message) => receiver.AbandonMessageAsync(message, PropertiesOf(request.PropertiesToModify), context.CancellationToken));

    public override Task<Empty> Deadletter(DeadletterRequest request, ServerCallContext context) => SettleAsync(
        request.Locktoken,
        (receiver, message) => receiver.DeadLetterMessageAsync(
            message, request.DeadletterReason, request.DeadletterErrorDescription, context.CancellationToken));

    public override async Task<Empty> RenewMessageLock(RenewMessageLockRequest request, ServerCallContext context)
    {
        (ServiceBusReceiver receiver, ServiceBusReceivedMessage message) = host.Held[request.Locktoken];
        await receiver.RenewMessageLockAsync(message, context.CancellationToken);
        return new Empty();
    }

    private static Dictionary<string, object> PropertiesOf(ByteString encoded)
    {
        using var buffer = new ByteBuffer(encoded.ToByteArray(), 0, encoded.Length);
        return AmqpCodec.DecodeMap(buffer).ToDictionary(pair => pair.Key.ToString()!, pair => pair.Value, StringComparer.Ordinal);
    }

    private async Task<Empty> SettleAsync(string token, Func<ServiceBusReceiver, ServiceBusReceivedMessage, Task> settle)
    {
        if (!host.Held.TryRemove(token, out (ServiceBusReceiver Receiver, ServiceBusReceivedMessage Message) held))
            throw new Grpc.Core.RpcException(new Status(StatusCode.FailedPrecondition, $"Nobody holds {token}."));
        await settle(held.Receiver, held.Message);
        await held.Receiver.DisposeAsync();
        return new Empty();
    }
}
