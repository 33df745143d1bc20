using NrSer.Evaluation.Experiments;

namespace NrSer.Evaluation.Tests;

public sealed class LayeringTests
{
    [Fact]
    public void Evaluation_ReferencesCoreAlone() => Assert.Equal(
        ["NrSer.Core"],
        typeof(Experiment).Assembly.GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith("nrser", StringComparison.OrdinalIgnoreCase)));
}
