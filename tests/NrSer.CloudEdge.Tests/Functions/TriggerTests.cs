using System.Reflection;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using NrSer.Functions;
using NrSer.Pipeline.Storage;
using NrSer.ServiceBus;

namespace NrSer.CloudEdge.Tests.Functions;

public sealed class TriggerTests
{
    [Fact]
    public void Triggers_TheirQueues_AreTheWorkQueuesOfTheFlowAndEveryDeadLetterQueue() => Assert.Equal(
        StorageNames.LaneQueues.Where(queue => !queue.StartsWith(StorageNames.EmotionsQueue, StringComparison.Ordinal)) // the worker's
            .Append(StorageNames.DownloadsQueue)
            .Concat(StorageNames.ServiceBusQueues.Select(queue => $"{queue}/$deadletterqueue"))
            .Order(StringComparer.Ordinal),
        FunctionsRuntime.Triggers.Select(trigger => trigger.Trigger.QueueName).Order(StringComparer.Ordinal));

    [Fact]
    public void Triggers_All_LeaveSettlementToUsOnOneConnection() => Assert.All(FunctionsRuntime.Triggers, trigger =>
    {
        Assert.False(trigger.Trigger.AutoCompleteMessages);
        Assert.Equal(ServiceBusOptions.Section, trigger.Trigger.Connection);
    });

    [Fact]
    public void Methods_All_HaveNamesOfTheirOwn()
    {
        string[] names = [.. FunctionsRuntime.Methods.Select(method => method.GetCustomAttribute<FunctionAttribute>()!.Name)];
        Assert.Equal(15, names.Length);
        Assert.Distinct(names);
    }

    [Theory]
    [InlineData(typeof(SweepFunction), "0 */5 * * * *")]
    [InlineData(typeof(CompactLakeFunction), "0 * * * * *")]
    public void Timers_TheirSchedules_HaveSixFieldsAndAreTheDefaultIntervals(Type function, string schedule)
    {
        MethodInfo run = function.GetMethod("RunAsync")!;
        TimerTriggerAttribute timer = Assert.Single(
            run.GetParameters().Select(parameter => parameter.GetCustomAttribute<TimerTriggerAttribute>()).OfType<TimerTriggerAttribute>());
        Assert.Equal(schedule, timer.Schedule);
    }

    // What the runtime must not do on its own, since settlement, order and memory are ours to keep.
    [Fact]
    public void HostJson_ServiceBus_PeeksOneAtATimeAndSettlesNothing()
    {
        using JsonDocument host = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "host.json")));
        JsonElement serviceBus = host.RootElement.GetProperty("extensions").GetProperty("serviceBus");
        Assert.Equal(0, serviceBus.GetProperty("prefetchCount").GetInt32());
        Assert.Equal(1, serviceBus.GetProperty("maxConcurrentCalls").GetInt32());
        Assert.False(serviceBus.GetProperty("autoCompleteMessages").GetBoolean());
        // A stage has a limit of its own for each try, renews its lock, and may have to wait for a service that is down for longer than any limit
        // here.
        Assert.Equal("-1", host.RootElement.GetProperty("functionTimeout").GetString());
        Assert.Equal("OpenTelemetry", host.RootElement.GetProperty("telemetryMode").GetString());
    }
}
