using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using NrSer.Pipeline.Storage;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>What must stay true of the infrastructure, whoever changes it or the code.</summary>
public sealed partial class BicepTests(CompiledBicep bicep)
{
    [Fact]
    public void Compiler_AndLinter_SayNothing() => Assert.Equal("", bicep.Complaints.Trim());

    [Fact]
    public void Template_HoldsNoSecret()
    {
        Assert.DoesNotMatch("(?i)listKeys|listAccountSas|listServiceSas|AccountKey=|SharedAccessKey|primaryKey|\"securestring", bicep.Text);
        // The one connection string is an address: its resource takes Entra tokens only.
        Assert.All(ConnectionStrings().Matches(bicep.Text),
            match => Assert.Contains("reference('insights')", match.Value, StringComparison.Ordinal));
        Assert.True(Properties(Assert.Single(bicep.Of("Microsoft.Insights/components"))).GetProperty("DisableLocalAuth").GetBoolean());
        Assert.All(bicep.Of("Microsoft.ContainerRegistry/registries"),
            registry => Assert.False(Properties(registry).GetProperty("adminUserEnabled").GetBoolean()));
    }

    [Fact]
    public void StorageAccounts_TakeTokensOverTls12Only()
    {
        JsonElement[] accounts = [.. bicep.Of("Microsoft.Storage/storageAccounts")];
        Assert.Equal(2, accounts.Length);
        JsonElement common = ModuleOf(accounts[0]).GetProperty("variables").GetProperty("common");
        Assert.Equal("TLS1_2", common.GetProperty("minimumTlsVersion").GetString());
        Assert.True(common.GetProperty("supportsHttpsTrafficOnly").GetBoolean());
        Assert.False(common.GetProperty("allowBlobPublicAccess").GetBoolean());
        string[] keys = [.. accounts.Select(account => Properties(account).GetString()!)];
        Assert.Contains("createObject('allowSharedKeyAccess', false())", keys[0], StringComparison.Ordinal);
        Assert.Contains("createObject('allowSharedKeyAccess', parameters('resultsAccountKeys'))", keys[1], StringComparison.Ordinal);
        Assert.False(bicep.Template.GetProperty("parameters").GetProperty("resultsAccountKeys").GetProperty("defaultValue").GetBoolean());
    }

    [Fact]
    public void Names_AreThoseOfTheCode()
    {
        Assert.Equal(
            StorageNames.ServiceBusQueues,
            VariablesOf("Microsoft.ServiceBus/namespaces/queues").GetProperty("workQueues").EnumerateArray()
                .Select(queue => queue.GetProperty("name").GetString()));
        Assert.Equal(StorageNames.Tables, Strings(VariablesOf("Microsoft.Storage/storageAccounts").GetProperty("tableNames")));
        JsonElement containers = VariablesOf("Microsoft.Storage/storageAccounts").GetProperty("containerNames");
        Assert.Equal(
            StorageNames.Containers.Append("eventgrid-deadletter").Order(StringComparer.Ordinal),
            containers.EnumerateObject().Select(property => property.Value.GetString()!).Order(StringComparer.Ordinal));
    }

    // Sweep reports before it deletes, and leaves open recordings alone; a rule does neither, and comes after it.
    [Fact]
    public async Task LifecycleRules_OfWhatSweepDeletes_AreTheSettingsAndAMargin()
    {
        JsonElement prediction = await CompiledBicep.PredictAsync(
            ("NRSER_WORK_DAYS", "5"), ("NRSER_RECORDING_DAYS", "30"), ("NRSER_LAKE_DAYS", "60"), ("NRSER_RESULT_DAYS", "90"));
        var days = RetentionDays().Matches(prediction.GetRawText()).ToDictionary(
            match => match.Groups["store"].Value, match => int.Parse(match.Groups["days"].Value, CultureInfo.InvariantCulture),
            StringComparer.Ordinal);
        Assert.Equal((5, 30, 60, 90), (days["WorkAudio"], days["Uploads"], days["Lake"], days["Results"]));
        JsonElement variables = VariablesOf("Microsoft.Storage/storageAccounts");
        int margin = variables.GetProperty("backstopDays").GetInt32(), waiting = variables.GetProperty("waitingDays").GetInt32();
        Assert.True(margin > 2, "Sweep reports on one day and deletes on the next.");
        TimeSpan messagesLive = XmlConvert.ToTimeSpan(
            Properties(Assert.Single(bicep.Of("Microsoft.ServiceBus/namespaces/queues"))).GetProperty("defaultMessageTimeToLive").GetString()!);
        Assert.Equal(margin, waiting - messagesLive.TotalDays);
        var rules = prediction.GetProperty("predictedResources").EnumerateArray()
            .Where(resource => resource.GetProperty("type").GetString() == "Microsoft.Storage/storageAccounts/managementPolicies")
            .SelectMany(policy => policy.GetProperty("properties").GetProperty("policy").GetProperty("rules").EnumerateArray())
            .ToDictionary(rule => rule.GetProperty("name").GetString()!, rule => rule.GetProperty("definition").GetProperty("actions")
                .GetProperty("baseBlob").GetProperty("delete").GetProperty("daysAfterModificationGreaterThan").GetInt32(), StringComparer.Ordinal);
        Assert.Equal(
            new Dictionary<string, int>(StringComparer.Ordinal)
            {
                ["work"] = days["WorkAudio"] + waiting, ["recordings"] = days["Uploads"] + margin, ["results"] = days["Results"] + margin,
                ["lost-events"] = days["WorkAudio"], // which Sweep does not delete
            }, rules);
    }

    [Fact]
    public void Queues_LockDetectAndDeadLetterAsTheCodeExpects()
    {
        JsonElement bus = Properties(Assert.Single(bicep.Of("Microsoft.ServiceBus/namespaces")));
        Assert.True(bus.GetProperty("disableLocalAuth").GetBoolean());
        Assert.Equal("1.2", bus.GetProperty("minimumTlsVersion").GetString());
        JsonElement queue = Assert.Single(bicep.Of("Microsoft.ServiceBus/namespaces/queues"));
        Assert.Equal("[length(variables('workQueues'))]", Copy(queue));
        JsonElement properties = Properties(queue);
        JsonElement variables = VariablesOf("Microsoft.ServiceBus/namespaces/queues");
        Assert.Equal((5, 2000), (variables.GetProperty("lockMinutes").GetInt32(), variables.GetProperty("maxServiceDeliveries").GetInt32()));
        Assert.True(new Pipeline.Work.QueueOptions().MaxDeliveries < 2000, "The service must not give up before the code does.");
        Assert.StartsWith("[format('PT{0}M', variables('", properties.GetProperty("lockDuration").GetString(), StringComparison.Ordinal);
        Assert.True(properties.GetProperty("requiresDuplicateDetection").GetBoolean());
        Assert.True(properties.GetProperty("deadLetteringOnMessageExpiration").GetBoolean());
    }

    [Fact]
    public void Subscription_SendsWholeRecordingsOnlyAndByIdentity()
    {
        JsonElement subscription = Properties(Assert.Single(bicep.Of("Microsoft.EventGrid/systemTopics/eventSubscriptions")));
        Assert.Equal("CloudEventSchemaV1_0", subscription.GetProperty("eventDeliverySchema").GetString());
        JsonElement delivery = subscription.GetProperty("deliveryWithResourceIdentity");
        Assert.Equal("SystemAssigned", delivery.GetProperty("identity").GetProperty("type").GetString());
        Assert.Equal("ServiceBusQueue", delivery.GetProperty("destination").GetProperty("endpointType").GetString());
        Assert.True(subscription.TryGetProperty("deadLetterWithResourceIdentity", out _));
        JsonElement filter = subscription.GetProperty("filter");
        Assert.Equal(["Microsoft.Storage.BlobCreated"], Strings(filter.GetProperty("includedEventTypes")));
        Assert.StartsWith("[format('/blobServices/default/containers/{0}/blobs/',", filter.GetProperty("subjectBeginsWith").GetString(),
            StringComparison.Ordinal);
        Assert.EndsWith("containerNames').recordings)]", filter.GetProperty("subjectBeginsWith").GetString(), StringComparison.Ordinal);
        JsonElement advanced = Assert.Single(filter.GetProperty("advancedFilters").EnumerateArray().ToArray());
        Assert.Equal("data.api", advanced.GetProperty("key").GetString());
        Assert.Equal(["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose", "SftpCommit"], Strings(advanced.GetProperty("values")));
    }

    // Whoever changes who may do what changes this table too, and SECURITY.md.
    [Fact]
    public void Roles_AreTheseAndNoOther()
    {
        JsonElement[] assignments = [.. bicep.Of("Microsoft.Authorization/roleAssignments")];
        Assert.Equal(assignments.Length, bicep.Resources.Count(resource => resource.Module == "roles")); // one file holds them, and nothing else
        Assert.Equal(
            new[]
            {
                "functions: storageBlobDataOwner on workName",
                "functions: serviceBusDataSender, serviceBusDataReceiver on namespaceName",
                "worker: storageBlobDataContributor on workName/workerContainers",
                "worker: serviceBusDataReceiver on namespaceName/workerQueueNames",
                "functions, worker: serviceBusDataOwner on namespaceName", // with scalerOwnsQueues alone
                "functions, worker: storageBlobDataContributor on resultsName",
                "functions, worker: storageTableDataContributor on resultsName",
                "functions, worker, web: acrPull on registryName",
                "functions, worker, web: monitoringMetricsPublisher on insightsName",
                "web: storageBlobDataReader on workName/containerNames.recordings",
                "web: storageBlobDataContributor on workName/workerContainers",
                "web: storageBlobDataReader, storageTableDataReader on resultsName",
                "web: storageTableDataContributor on resultsName/pageTables", // none on queues: Sweep finds what is to be started again
                "topicPrincipalId: serviceBusDataSender on namespaceName/workQueues[0].name",
                "topicPrincipalId: storageBlobDataContributor on workName/containerNames.lostEvents",
                "deployerPrincipalId: storageBlobDataContributor on workName/containerNames.recordings",
                "deployerPrincipalId: storageBlobDataContributor, storageTableDataContributor on resultsName",
            }.Order(StringComparer.Ordinal),
            assignments.Select(Sentence).Order(StringComparer.Ordinal));
        JsonElement variables = VariablesOf("Microsoft.Authorization/roleAssignments");
        Assert.Equal("[parameters('scalerOwnsQueues')]",
            Assert.Single(assignments, assignment => Sentence(assignment).Contains("Owner on namespaceName", StringComparison.Ordinal))
                .GetProperty("condition").GetString());
        Assert.Equal("[map(filter(variables('workQueues'), lambda('queue', equals(lambdaVariables('queue').host, 'worker'))), "
            + "lambda('queue', lambdaVariables('queue').name))]", variables.GetProperty("workerQueueNames").GetString());
        Assert.Equal(["[variables('containerNames').chunks]", "[variables('containerNames').enhanced]"],
            Strings(variables.GetProperty("workerContainers")));
        Assert.Equal(
            new Dictionary<string, string>(StringComparer.Ordinal) // learn.microsoft.com, Azure built-in roles
            {
                ["storageBlobDataOwner"] = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
                ["storageBlobDataContributor"] = "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
                ["storageBlobDataReader"] = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
                ["storageTableDataReader"] = "76199698-9eea-4c19-bc75-cec21354c6b6",
                ["storageTableDataContributor"] = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
                ["serviceBusDataSender"] = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
                ["serviceBusDataOwner"] = "090c5cfd-751d-490a-894a-3ce6f1109419",
                ["serviceBusDataReceiver"] = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
                ["monitoringMetricsPublisher"] = "3913510d-42f4-4e42-8a64-420c390055eb",
                ["acrPull"] = "7f951dda-4ed3-4680-a7ca-43fe172d538d",
            },
            variables.EnumerateObject().Where(variable => Id().IsMatch(variable.Value.ToString()))
                .ToDictionary(variable => variable.Name, variable => variable.Value.GetString()!, StringComparer.Ordinal));
    }

    [Fact]
    public void Outputs_AreThoseThatTheCommandReads()
    {
        string[] outputs = [.. bicep.Template.GetProperty("outputs").EnumerateObject().Select(output => output.Name)];
        Assert.Empty(new[] { "NRSER_BLOB_ENDPOINT", "NRSER_RESULTS_BLOB_ENDPOINT", "NRSER_TABLE_ENDPOINT" }.Except(outputs, StringComparer.Ordinal));
        string[] hooks = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "infra", "hooks"), "*.sh")
            .SelectMany(file => Variables().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value))
            .Where(name => name is not ("NRSER_SMOKE_TEST_SECONDS" or "NRSER_SMOKE_TEST" or "AZURE_SUBSCRIPTION_ID"
                or "NRSER_WEB" or "NRSER_WEB_CLIENT_ID" or "NRSER_WEB_DOMAINS" // one's own, and the hook's
                or "AZURE_ENV_NAME" or "AZURE_PRINCIPAL_ID" or "AZURE_PRINCIPAL_TYPE")) // azd's
            .Distinct(StringComparer.Ordinal)];
        Assert.NotEmpty(hooks);
        Assert.Empty(hooks.Except(outputs, StringComparer.Ordinal));
    }

    [Fact]
    public void Parameters_AllAreDescribed() => Assert.All(
        bicep.Template.GetProperty("parameters").EnumerateObject(),
        parameter => Assert.NotEmpty(parameter.Value.GetProperty("metadata").GetProperty("description").GetString()!));

    /// <summary>An assignment in words: who, what, where.</summary>
    private static string Sentence(JsonElement assignment)
    {
        string scope = assignment.GetProperty("scope").GetString()!;
        string[] places = [.. References().Matches(scope).Select(match => string.Concat(match.Groups["name"].Captures.Select(part => part.Value)))];
        return $"{Named("principalId")}: {Named("roleDefinitionId")} on {string.Join('/', places)}";

        string Named(string property) => string.Join(", ",
            References().Matches(Properties(assignment).GetProperty(property).GetString()!).Select(match => match.Groups["name"].Value));
    }

    private static JsonElement Properties(JsonElement resource) => resource.GetProperty("properties");

    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetString()!)];

    private static string Copy(JsonElement resource) => resource.GetProperty("copy").GetProperty("count").GetString()!;

    private JsonElement VariablesOf(string type) => ModuleOf(bicep.Of(type).First()).GetProperty("variables");

    /// <summary>The template that a resource stands in.</summary>
    private JsonElement ModuleOf(JsonElement resource)
    {
        string module = bicep.Resources.First(candidate => candidate.Resource.GetRawText() == resource.GetRawText()).Module;
        return bicep.Template.GetProperty("resources").GetProperty(module).GetProperty("properties").GetProperty("template");
    }

    [GeneratedRegex("\"[^\"]*ConnectionString[^\"]*\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ConnectionStrings();

    [GeneratedRegex(@"\$\{?(?<name>(NRSER|AZURE)_[A-Z_]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variables();

    [GeneratedRegex(@"(parameters|variables)\('(?<name>\w+)'\)(?<name>\.(lostEvents|recordings)|\[[0-9]\]\.name)?", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex References();

    [GeneratedRegex(@"""NrSer__Retention__(?<store>\w+)"",\s*""value"": ""(?<days>\d+)\.00:00:00""", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex RetentionDays();

    [GeneratedRegex("^[0-9a-f]{8}-[0-9a-f-]{27}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Id();
}
