using System.Text.Json;
using System.Text.RegularExpressions;
using NrSer.Pipeline.Storage;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>What <c>infra/emulator</c> makes on a machine with Docker, beside what Bicep makes in Azure.</summary>
public sealed partial class EmulatorTests
{
    private const int EmulatorsDeliveries = 10; // the most that its Config-schema.json takes (github.com/Azure/azure-service-bus-emulator-installer)

    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "infra");

    [Fact]
    public void Queues_AreThoseOfAzureAsFarAsTheEmulatorGoes()
    {
        string names = File.ReadAllText(Path.Combine(s_folder, "modules", "names.bicep"));
        int deliveries = Number(names, "maxServiceDeliveries"), lockMinutes = Number(names, "lockMinutes");
        using JsonDocument emulator = JsonDocument.Parse(File.ReadAllText(Path.Combine(s_folder, "emulator", "servicebus.json")));
        JsonElement[] queues =
            [.. emulator.RootElement.GetProperty("UserConfig").GetProperty("Namespaces")[0].GetProperty("Queues").EnumerateArray()];
        Assert.Equal(StorageNames.ServiceBusQueues, queues.Select(queue => queue.GetProperty("Name").GetString()));
        Assert.All(queues, queue =>
        {
            JsonElement properties = queue.GetProperty("Properties");
            Assert.Equal(Math.Min(deliveries, EmulatorsDeliveries), properties.GetProperty("MaxDeliveryCount").GetInt32());
            Assert.Equal($"PT{lockMinutes}M", properties.GetProperty("LockDuration").GetString());
            Assert.True(properties.GetProperty("RequiresDuplicateDetection").GetBoolean());
        });
    }

    [Fact]
    public void ContainersAndTables_AreThoseOfTheCode()
    {
        string compose = File.ReadAllText(Path.Combine(s_folder, "emulator", "compose.yaml"));
        string[] made = [.. Loop().Matches(compose).Select(loop => $"{loop.Groups["kind"]}: {loop.Groups["names"]}")];
        Assert.Equal([$"container: {string.Join(' ', StorageNames.Containers)}", $"table: {string.Join(' ', StorageNames.Tables)}"], made);
    }

    private static int Number(string bicep, string variable) => int.Parse(
        Variable().Matches(bicep).Single(match => match.Groups["name"].Value == variable).Groups["value"].ValueSpan, provider: null);

    [GeneratedRegex(@"var (?<name>\w+) = (?<value>\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();

    [GeneratedRegex(@"for name in (?<names>[a-z -]+); do az storage (?<kind>[a-z]+) create", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Loop();
}
