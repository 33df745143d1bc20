using System.Reflection;
using NetArchTest.Rules;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests;

public sealed class LayeringTests
{
    private static readonly Assembly s_dashboard = typeof(DashboardServer).Assembly;

    [Fact]
    public void Dashboard_ReferencesNoHost() => Assert.Equal(
        ["NrSer.Core", "NrSer.Pipeline"],
        s_dashboard.GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith("nrser", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal));

    [Fact]
    public void Folders_OfTheDashboard_FormNoCircle() => Assert.Empty(Folders.InCircles(s_dashboard, "NrSer.Dashboard"));

    [Fact]
    public void Constructors_TakeFewParameters() => Assert.Empty(Constructors.TooLong(s_dashboard));

    // Rows are read through what Pipeline offers: no table and no blob by its own client.
    [Fact]
    public void Dashboard_TouchesNoStorageItself() => Assert.Empty(
        Types.InAssembly(s_dashboard).ShouldNot().HaveDependencyOnAny("Azure.Data.Tables", "Azure.Storage",
            "DuckDB").GetResult().FailingTypeNames ?? []);
}
