using NrSer.Functions;
using NrSer.ServiceBus;
using NrSer.Web;
using NrSer.Worker;

namespace NrSer.CloudEdge.Tests;

public sealed class LayeringTests
{
    [Theory]
    [InlineData(typeof(ServiceBusWorkQueue), "NrSer.Pipeline")]
    [InlineData(typeof(TriggerSettlement), "NrSer.Pipeline", "NrSer.ServiceBus")]
    [InlineData(typeof(WorkerOptions), "NrSer.Core", "NrSer.Pipeline", "NrSer.ServiceBus")]
    [InlineData(typeof(WebOptions), "NrSer.Dashboard", "NrSer.Pipeline")]
    public void EachProject_ReferencesNoHost(Type type, params string[] expected) => Assert.Equal(
        expected,
        type.Assembly.GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith("nrser", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal));
}
