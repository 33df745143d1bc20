using ArchUnitNET.Domain;
using ArchUnitNET.Fluent.Slices;
using ArchUnitNET.Loader;
using NrSer.Evaluation.Experiments;

namespace NrSer.Evaluation.Tests;

public sealed class LayeringTests
{
    [Fact]
    public void Evaluation_ReferencesCoreAlone() => Assert.Equal(
        ["NrSer.Core"],
        typeof(Experiment).Assembly.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => name.StartsWith("nrser", StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void Namespaces_OfEvaluation_FormNoCircle()
    {
        Architecture evaluation = new ArchLoader().LoadAssembly(typeof(Experiment).Assembly).Build();
        Assert.All(
            SliceRuleDefinition.Slices().Matching("NrSer.(**)").Should().BeFreeOfCycles().Evaluate(evaluation),
            found => Assert.True(found.Passed, found.Description));
    }
}
