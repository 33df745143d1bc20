using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using NrSer.Pipeline.Forgetting;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>How long logs are kept, and what proofs of forgetting say of that.</summary>
public sealed partial class LogsTests(CompiledBicep bicep)
{
    [Theory]
    [InlineData(30)]
    [InlineData(730)]
    public async Task Workspace_OfTheDeployment_KeepsLogsAsLongAsProofsSay(int days)
    {
        JsonElement prediction = await CompiledBicep.PredictAsync(("NRSER_LOG_DAYS", days.ToString(CultureInfo.InvariantCulture)));
        JsonElement workspace = Assert.Single(
            prediction.GetProperty("predictedResources").EnumerateArray(),
            resource => resource.GetProperty("type").GetString() == "Microsoft.OperationalInsights/workspaces");
        Assert.Equal(days, workspace.GetProperty("properties").GetProperty("retentionInDays").GetInt32());
        var options = new ForgetOptions { LogsKept = TimeSpan.Parse(Setting(prediction)!, CultureInfo.InvariantCulture) };
        Assert.Equal(TimeSpan.FromDays(days), options.LogsKept);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
    }

    [Fact]
    public async Task Workspace_OfOthers_KeepsThemAsNobodyHereKnows() => Assert.Null(Setting(await CompiledBicep.PredictAsync(
        ("NRSER_LOG_WORKSPACE_ID", "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/logs/providers/"
            + "Microsoft.OperationalInsights/workspaces/central"))));

    // Which the command reads, where it writes the proof.
    [Fact]
    public void Output_IsWhatTheHostIsTold()
    {
        const string Kept = "[variables('logsKept')]";
        Assert.Equal(Kept, bicep.Template.GetProperty("outputs").GetProperty("NRSER_LOGS_KEPT").GetProperty("value").GetString());
        Assert.Equal(Kept, bicep.Template.GetProperty("resources").GetProperty("functions").GetProperty("properties")
            .GetProperty("parameters").GetProperty("logsKept").GetProperty("value").GetString());
    }

    private static string? Setting(JsonElement prediction) => Named().Match(prediction.GetRawText()) is { Success: true } found
        ? found.Groups["period"].Value : null;

    [GeneratedRegex(
        """
        "NrSer__Forgetting__LogsKept",\s*"value":\s*"(?<period>[^"]+)"
        """, RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Named();
}
