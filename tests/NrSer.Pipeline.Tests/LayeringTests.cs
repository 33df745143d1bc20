using System.Reflection;
using NetArchTest.Rules;
using NrSer.Core.Audio;
using NrSer.Core.Models;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Tests;

public sealed class LayeringTests
{
    private static readonly Assembly s_core = typeof(AudioDecoder).Assembly;
    private static readonly Assembly s_pipeline = typeof(StorageClients).Assembly;

    [Fact]
    public void Core_KnowsNoAzureAndNoPipeline() => AssertNone(Types.InAssembly(s_core).ShouldNot().HaveDependencyOnAny("Azure", "NrSer.Pipeline", "NrSer.Cli", "nrser"));

    [Fact]
    public void Core_UsesOnnxRuntimeOnlyInModelsAndTheirPorts() => AssertNone(
        Types.InAssembly(s_core).That().DoNotResideInNamespace(typeof(ModelSet).Namespace).And().DoNotHaveNameStartingWith("Onnx")
            .ShouldNot().HaveDependencyOn("Microsoft.ML.OnnxRuntime"));

    [Fact]
    public void Pipeline_KnowsNoHostAndNoConsole() =>
        AssertNone(Types.InAssembly(s_pipeline).ShouldNot().HaveDependencyOnAny("NrSer.Cli", "NrSer.Dashboard", "NrSer.ServiceBus", "Spectre.Console", "System.Console"));

    [Fact]
    public void Pipeline_ReferencesNoHost() =>
        Assert.Equal(["NrSer.Core"], s_pipeline.GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith("nrser", StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void Core_ReferencesNoAzure() =>
        Assert.DoesNotContain(s_core.GetReferencedAssemblies(), name => name.Name!.StartsWith("Azure", StringComparison.Ordinal));

    private static void AssertNone(ConditionList rule) => Assert.Empty(rule.GetResult().FailingTypeNames ?? []);
}
