using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

// See ServiceBusTriggerAttribute.cs.
namespace Microsoft.Azure.Functions.Worker;

/// <summary>Reads a message from what the host sends: the token of its lock, and the message as AMQP has it.</summary>
#pragma warning disable AZFW0009 // a rule for apps, and this stands in for an extension
[SupportsDeferredBinding]
#pragma warning restore AZFW0009
[SupportedTargetType(typeof(ServiceBusReceivedMessage))]
internal sealed class ReceivedMessageConverter : IInputConverter
{
    private const int TokenBytes = 16; // of a GUID

    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) => ValueTask.FromResult(
        context.Source is ModelBindingData { Source: "AzureServiceBusReceivedMessage" } data
            ? ConversionResult.Success(MessageOf(data.Content.ToMemory()))
            : ConversionResult.Unhandled());

    private static ServiceBusReceivedMessage MessageOf(ReadOnlyMemory<byte> content) => ServiceBusReceivedMessage.FromAmqpMessage(
        AmqpAnnotatedMessage.FromBytes(BinaryData.FromBytes(content[TokenBytes..])), BinaryData.FromBytes(content[..TokenBytes]));
}
