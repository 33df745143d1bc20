using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

// What NrSer.Functions uses of Microsoft.Azure.Functions.Worker.Extensions.ServiceBus, as its public documentation has it. The package
// source that the tests are built from does not carry that one package; all others are the real ones.
namespace Microsoft.Azure.Functions.Worker;

/// <summary>Names the queue that a function is called for.</summary>
/// <param name="queueName">The queue.</param>
[AttributeUsage(AttributeTargets.Parameter)]
[InputConverter(typeof(ReceivedMessageConverter))]
[ConverterFallbackBehavior(ConverterFallbackBehavior.Default)]
public sealed class ServiceBusTriggerAttribute(string queueName) : TriggerBindingAttribute
{
    public string QueueName => queueName;

    public string? Connection { get; set; }

    public bool AutoCompleteMessages { get; set; }
}
