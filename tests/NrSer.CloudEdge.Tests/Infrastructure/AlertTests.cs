using System.Text.Json;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>What somebody is told of; what each alert asks and when is approved with the rest.</summary>
public sealed class AlertTests(CompiledBicep bicep)
{
    // A query that names a table which is not there yet fails, and the alert with it: the heartbeat would keep still where no host has ever lived.
    [Fact]
    public void Queries_OfMetrics_FindNothingRatherThanFailBeforeTheFirst()
    {
        JsonElement module = bicep.Template.GetProperty("resources").GetProperty("alerts").GetProperty("properties").GetProperty("template");
        JsonElement variables = module.GetProperty("variables");
        Assert.StartsWith("union isfuzzy=true AppMetrics, (datatable(TimeGenerated: datetime, Name: string, Sum: real, Max: real, ",
            variables.GetProperty("metrics").GetString(), StringComparison.Ordinal);
        JsonElement[] queries = [.. variables.GetProperty("queries").EnumerateArray()];
        Assert.Equal(["failures", "queue-age", "heartbeat"], queries.Select(query => query.GetProperty("name").GetString()));
        Assert.All(queries, query => Assert.StartsWith(
            "[format('{0} | where Name == ", query.GetProperty("query").GetString(), StringComparison.Ordinal));
        Assert.All(queries, query => Assert.Contains("', variables('metrics'), ", query.GetProperty("query").GetString(), StringComparison.Ordinal));
    }

    // learn.microsoft.com, metric alerts: the longest window is a day. More hours would be told of one alert and not of the other.
    [Fact]
    public void QueueAge_IsNoLongerThanTheLongestWindow()
    {
        JsonElement module = bicep.Template.GetProperty("resources").GetProperty("alerts").GetProperty("properties").GetProperty("template");
        Assert.All([bicep.Template, module], template => Assert.Equal(
            (1, 24),
            (template.GetProperty("parameters").GetProperty("queueAgeHours").GetProperty("minValue").GetInt32(),
                template.GetProperty("parameters").GetProperty("queueAgeHours").GetProperty("maxValue").GetInt32())));
        Assert.EndsWith(", 'P1D')))]", module.GetProperty("variables").GetProperty("longestWait").GetString(), StringComparison.Ordinal);
    }
}
