using System.Reflection;
using ArchUnitNET.Fluent.Slices;
using NetArchTest.Rules;
using NrSer.Core.Models;
using NrSer.Core.Signal;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Work.StorageQueues;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests;

/// <summary>Borders between projects and between folders, read from the compiled assemblies.</summary>
public sealed class LayeringTests
{
    private static readonly Assembly s_core = typeof(Stft).Assembly;
    private static readonly Assembly s_pipeline = typeof(RecordingId).Assembly;

    [Fact]
    public void Core_KnowsNoAzureAndNoPipeline() =>
        AssertNone(Types.InAssembly(s_core).ShouldNot().HaveDependencyOnAny("Azure", "NrSer.Pipeline", "NrSer.Cli", "nrser"));

    [Fact]
    public void Core_UsesOnnxRuntimeOnlyInModelsAndTheirPorts() => AssertNone(
        Types.InAssembly(s_core).That().DoNotResideInNamespace(typeof(ModelSet).Namespace).And().DoNotHaveNameStartingWith("Onnx")
            .ShouldNot().HaveDependencyOn("Microsoft.ML.OnnxRuntime"));

    [Fact]
    public void Pipeline_KnowsNoHostAndNoConsole() =>
        AssertNone(Types.InAssembly(s_pipeline).ShouldNot()
            .HaveDependencyOnAny("NrSer.Cli", "NrSer.Dashboard", "NrSer.ServiceBus", "Spectre.Console", "System.Console"));

    [Fact]
    public void Pipeline_ReferencesNoHost() =>
        Assert.Equal(["NrSer.Core"], s_pipeline.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => name.StartsWith("nrser", StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void Core_ReferencesNoAzure() =>
        Assert.DoesNotContain(s_core.GetReferencedAssemblies(), name => name.Name!.StartsWith("Azure", StringComparison.Ordinal));

    [Fact]
    public void Pipeline_Folders_FormNoCircle()
    {
        ArchUnitNET.Domain.Architecture architecture = new ArchUnitNET.Loader.ArchLoader().LoadAssemblies(s_pipeline).Build();
        SliceRule rule = SliceRuleDefinition.Slices().Matching("NrSer.Pipeline.(**)").Should().BeFreeOfCycles();
        Assert.All(rule.Evaluate(architecture), result => Assert.True(result.Passed, result.Description));
    }

    // Words that every folder uses stand in the root, so the root may use no folder; registration has to know them all.
    [Fact]
    public void Pipeline_Root_UsesNoFolder()
    {
        string[] folders = [.. s_pipeline.GetTypes().Select(type => type.Namespace).OfType<string>().Distinct()
            .Where(name => name.StartsWith("NrSer.Pipeline.", StringComparison.Ordinal))];
        Assert.Contains(typeof(Sweep).Namespace, folders);
        AssertNone(
            Types.InAssembly(s_pipeline).That().ResideInNamespaceMatching("^NrSer\\.Pipeline$").And()
                .DoNotHaveName(nameof(ServiceCollectionExtensions))
                .ShouldNot().HaveDependencyOnAny(folders));
    }

    [Fact]
    public void Constructors_TakeFewParameters() => Assert.Empty(Constructors.TooLong(s_pipeline));

    [Fact]
    public void AzureTables_AreUsed_InResultsTablesOnly() => AssertUsedOnlyIn("Azure.Data.Tables", typeof(ResultTables).Namespace!);

    [Fact]
    public void AzureQueues_AreUsed_InStorageQueuesOnly() => AssertUsedOnlyIn("Azure.Storage.Queues", typeof(StorageWorkQueue).Namespace!);

    [Fact]
    public void DuckDb_IsUsed_InLakeOnly() => AssertUsedOnlyIn("DuckDB", typeof(LakeTable).Namespace!);

    [Fact]
    public void Results_LookNotIntoTables() => AssertNone(
        Types.InAssembly(s_pipeline).That().ResideInNamespaceMatching($"^{typeof(Recording).Namespace}$").ShouldNot()
            .HaveDependencyOn(typeof(ResultTables).Namespace));

    private static void AssertUsedOnlyIn(string library, string folder)
    {
        Type[] users = [.. Types.InAssembly(s_pipeline).That().HaveDependencyOn(library).GetTypes()];
        Assert.NotEmpty(users);
        Assert.All(users, type => Assert.StartsWith(folder, type.Namespace, StringComparison.Ordinal));
    }

    private static void AssertNone(ConditionList rule) => Assert.Empty(rule.GetResult().FailingTypeNames ?? []);
}
