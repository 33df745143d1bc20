using ArchUnitNET.Fluent.Slices;
using NetArchTest.Rules;
using NrSer.Testing;

namespace NrSer.Core.Tests;

public sealed class LayeringTests
{
    private const string OnnxRuntime = "Microsoft.ML.OnnxRuntime";

    [Fact]
    public void Core_References_NoAzureAndNoOtherProject()
    {
        string[] references = [.. typeof(NoiseRobustEmotionRecognizer).Assembly.GetReferencedAssemblies().Select(name => name.Name!)];
        Assert.Contains(OnnxRuntime, references);
        Assert.DoesNotContain(references, name =>
            name.StartsWith("Azure", StringComparison.Ordinal) || name.StartsWith("Microsoft.Azure", StringComparison.Ordinal)
            || name.StartsWith("NrSer", StringComparison.Ordinal));
    }

    [Fact]
    public void OnnxRuntime_IsTouched_UnderModelsAndByOnnxClassesOnly()
    {
        Type[] touching = [.. Types.InAssembly(typeof(NoiseRobustEmotionRecognizer).Assembly).That().HaveDependencyOn(OnnxRuntime).GetTypes()];
        Assert.NotEmpty(touching);
        Assert.All(touching, type =>
        {
            Type outermost = type;
            while (outermost.DeclaringType is { } declaring) // closures
                outermost = declaring;
            Assert.True(
                outermost.Namespace == "NrSer.Core.Models" || outermost.Name.StartsWith("Onnx", StringComparison.Ordinal),
                $"{type} uses {OnnxRuntime}.");
        });
    }

    [Fact]
    public void Constructors_TakeFewParameters() => Assert.Empty(Constructors.TooLong(typeof(NoiseRobustEmotionRecognizer).Assembly));

    [Fact]
    public void Signal_DependsOn_NoOtherFolder()
    {
        string[] others = ["Audio", "Emotion", "Enhancement", "Models", "Reconstitution", "Segmentation", "Snr"];
        NetArchTest.Rules.TestResult result = Types.InAssembly(typeof(NoiseRobustEmotionRecognizer).Assembly).That()
            .ResideInNamespace("NrSer.Core.Signal")
            .ShouldNot().HaveDependencyOnAny([.. others.Select(folder => $"NrSer.Core.{folder}")]).GetResult();
        Assert.True(result.IsSuccessful, string.Join(", ", result.FailingTypeNames ?? []));
    }

    // Constants are copied when they are compiled, so a namespace that another one knows by a constant alone is not seen.
    [Fact]
    public void Namespaces_OfCore_FormNoCircle()
    {
        ArchUnitNET.Domain.Architecture core = new ArchUnitNET.Loader.ArchLoader().LoadAssembly(typeof(NoiseRobustEmotionRecognizer).Assembly)
            .Build();
        Assert.All(
            SliceRuleDefinition.Slices().Matching("NrSer.(**)").Should().BeFreeOfCycles().Evaluate(core),
            found => Assert.True(found.Passed, found.Description));
    }
}
