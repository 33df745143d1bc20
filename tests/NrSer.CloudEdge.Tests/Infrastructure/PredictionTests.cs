using System.Text.Json;
using System.Text.RegularExpressions;
using NrSer.Pipeline.Storage;
using NrSer.Testing;
using NrSer.Worker;
using static NrSer.CloudEdge.Tests.Infrastructure.PredictedLines;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>
/// What would be deployed, by sets of azd's variables: the default in full, every other by what it makes different. Whoever changes infrastructure
/// sees in the approved copies what becomes of it.
/// </summary>
public sealed partial class PredictionTests(PredictionTests.Predictions predicted) : IClassFixture<PredictionTests.Predictions>
{
    private static readonly (string Name, string Value)[] s_appOnGpu =
    [
        ("NRSER_EMOTION_HOST", "app"), ("NRSER_EMOTION_COMPUTE", "gpu-t4"), ("NRSER_MODELS", "mine"),
        ("SERVICE_FUNCTIONS_IMAGE_NAME", "r.azurecr.io/functions:1"), ("SERVICE_WORKER_IMAGE_NAME", "r.azurecr.io/worker:1"),
        ("SERVICE_WEB_IMAGE_NAME", "r.azurecr.io/web:1"), ("NRSER_WEB_CLIENT_ID", "the-registration"), ("NRSER_WEB_DOMAINS", "heard.example.org"),
    ];

    private static readonly (string Name, string Value)[] s_privateNetwork = [("NRSER_PRIVATE_NETWORK", "true")];

    private static readonly (string Name, string Value)[] s_jobOnGpu = [("NRSER_EMOTION_COMPUTE", "gpu-t4")];

    private static readonly (string Name, string Value)[] s_servicePrincipal =
        [("AZURE_PRINCIPAL_ID", "a-pipeline"), ("AZURE_PRINCIPAL_TYPE", "ServicePrincipal")];

    private static readonly (string Name, string Value)[] s_firstWithSignIn = [("NRSER_WEB_CLIENT_ID", "the-registration")];

    private static readonly (string Name, string Value)[] s_noBudget = [("NRSER_MONTHLY_BUDGET", "0")];

    private static readonly (string Name, string Value)[] s_besidesOthers =
    [
        ("NRSER_UPLOADS_TOPIC", "of-defender"), ("NRSER_AWAIT_SCAN", "true"), ("NRSER_SCALER_OWNS_QUEUES", "true"),
        ("NRSER_ALERT_EMAIL", "somebody@example.org"), ("NRSER_RECORDING_DAYS", "30"), ("NRSER_RESULTS_ACCOUNT_KEYS", "true"),
        ("NRSER_QUEUE_AGE_HOURS", "24"), ("NRSER_PODCAST_TRANSCRIPTS", "true"),
        ("NRSER_LOG_WORKSPACE_ID", "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/logs/providers/"
            + "Microsoft.OperationalInsights/workspaces/central"),
    ];

    [Fact]
    public async Task Prediction_OfEverySet_IsAsApproved()
    {
        (string Title, string Line)[] plain = Lines(predicted.ByDefault);
        var forms = new List<(string Name, string Text)> { ("default.txt", Page(plain)) };
        foreach ((string name, JsonElement prediction) in new[]
        {
            ("app-on-gpu", predicted.AppOnGpu), ("private-network", await CompiledBicep.PredictAsync(s_privateNetwork)),
            ("job-on-gpu", await CompiledBicep.PredictAsync(s_jobOnGpu)),
            ("service-principal", await CompiledBicep.PredictAsync(s_servicePrincipal)),
            ("first-with-sign-in", await CompiledBicep.PredictAsync(s_firstWithSignIn)),
            ("no-budget", await CompiledBicep.PredictAsync(s_noBudget)), ("besides-others", await CompiledBicep.PredictAsync(s_besidesOthers)),
        })
        {
            (string Title, string Line)[] lines = Lines(prediction);
            forms.Add(($"{name}.txt", $"Not as by default:\n{Page([.. plain.Except(lines)])}But:\n{Page([.. lines.Except(plain)])}"));
        }

        Assert.Multiple([.. forms.Select<(string Name, string Text), Action>(form => () => Approved.Equal(form.Text, form.Name))]);
    }

    [Theory]
    [InlineData("job", "jobs")]
    [InlineData("app", "containerApps")]
    public void Hosts_ScaleByTheirQueuesWithTheirIdentity(string emotionHost, string type)
    {
        JsonElement prediction = emotionHost == "job" ? predicted.ByDefault : predicted.AppOnGpu;
        JsonElement functions = Of(prediction, "Microsoft.App/containerApps", "ca-functions-");
        JsonElement worker = Of(prediction, $"Microsoft.App/{type}", "worker-");
        Assert.False(functions.TryGetProperty("kind", out _)); // the platform's own rules know no user-assigned identity
        JsonElement scaling = emotionHost == "job"
            ? worker.GetProperty("properties").GetProperty("configuration").GetProperty("eventTriggerConfig")
            : worker.GetProperty("properties").GetProperty("template");
        (string Queue, string Identity)[] rules = [.. Rules(functions.GetProperty("properties").GetProperty("template")), .. Rules(scaling)];
        Assert.Equal(
            StorageNames.ServiceBusQueues.Order(StringComparer.Ordinal),
            rules.Select(rule => rule.Queue).Order(StringComparer.Ordinal));
        Assert.All(rules, rule => Assert.Equal(
            rule.Queue.StartsWith(StorageNames.EmotionsQueue, StringComparison.Ordinal) ? "identities.worker.id" : "identities.functions.id",
            rule.Identity));
        if (emotionHost == "app")
        {
            int grace = worker.GetProperty("properties").GetProperty("template").GetProperty("terminationGracePeriodSeconds").GetInt32();
            Assert.True(TimeSpan.FromSeconds(grace) > WorkerOptions.ShutdownTime);
        }
    }

    // azd finds what takes an image by a tag, and asks for it in a version of the API of its own unless it is told another.
    [Theory]
    [InlineData("job")]
    [InlineData("app")]
    public void Services_OfAzd_FindTheirResources(string emotionHost)
    {
        string azd = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "azure.yaml"));
        (string, string)[] resources = [.. from resource in (emotionHost == "job" ? predicted.ByDefault : predicted.AppOnGpu)
                .GetProperty("predictedResources").EnumerateArray()
            where resource.TryGetProperty("tags", out JsonElement tags) && tags.TryGetProperty("azd-service-name", out _)
            select (resource.GetProperty("tags").GetProperty("azd-service-name").GetString()!, resource.GetProperty("apiVersion").GetString()!)];
        Assert.Equal(
            Service().Matches(azd).Select(service => (service.Groups["name"].Value, service.Groups["api"].Value)).Order(), resources.Order());
        Assert.NotEmpty(resources);
    }

    // azd deploys by changing images: what else a first deployment made otherwise, such as a port, would stay so.
    [Fact]
    public async Task FirstDeployment_DiffersFromLaterOnesByItsImagesAlone()
    {
        JsonElement first = await CompiledBicep.PredictAsync(
            [.. s_appOnGpu.Where(variable => !variable.Name.StartsWith("SERVICE_", StringComparison.Ordinal))]);
        string[] otherwise = [.. Lines(first).Except(Lines(predicted.AppOnGpu)).Select(line => line.Line)];
        Assert.Equal(3, otherwise.Length);
        Assert.All(otherwise, line => Assert.Contains("].image = mcr.microsoft.com/", line, StringComparison.Ordinal));
    }

    // learn.microsoft.com and github.com/dotnet/dotnet-docker, samples/aspnetapp: the example listens on 8080, and answers /healthz.
    [Fact]
    public void Port_IsThatOfTheImages()
    {
        JsonElement page = Of(predicted.AppOnGpu, "Microsoft.App/containerApps", "ca-web-").GetProperty("properties");
        int port = page.GetProperty("configuration").GetProperty("ingress").GetProperty("targetPort").GetInt32();
        JsonElement worker = Of(predicted.AppOnGpu, "Microsoft.App/containerApps", "ca-worker-").GetProperty("properties");
        Assert.All([page, worker], app => Assert.All(
            app.GetProperty("template").GetProperty("containers")[0].GetProperty("probes").EnumerateArray(),
            probe => Assert.Equal(
                ("/healthz", port),
                (probe.GetProperty("httpGet").GetProperty("path").GetString(), probe.GetProperty("httpGet").GetProperty("port").GetInt32()))));
        Assert.All(["web", "worker"], image => Assert.Contains(
            $"ASPNETCORE_HTTP_PORTS={port} ", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "images", image)), StringComparison.Ordinal));
    }

    // What the platform says of who asks is believed only where its sign-in stands before the app, and without it nothing leads there.
    [Fact]
    public void Page_IsReachedThroughTheSignInAlone()
    {
        JsonElement closed = Of(predicted.ByDefault, "Microsoft.App/containerApps", "ca-web-").GetProperty("properties");
        Assert.Equal(JsonValueKind.Null, Optional(closed.GetProperty("configuration"), "ingress"));
        Assert.Equal("False", SettingOf(closed, "NrSer__Web__PlatformAuthentication"));
        Assert.DoesNotContain(predicted.ByDefault.GetProperty("predictedResources").EnumerateArray(),
            resource => resource.GetProperty("type").GetString() == "Microsoft.App/containerApps/authConfigs");

        JsonElement open = Of(predicted.AppOnGpu, "Microsoft.App/containerApps", "ca-web-").GetProperty("properties");
        JsonElement ingress = open.GetProperty("configuration").GetProperty("ingress");
        Assert.Equal((true, false), (ingress.GetProperty("external").GetBoolean(), ingress.GetProperty("allowInsecure").GetBoolean()));
        Assert.Equal("True", SettingOf(open, "NrSer__Web__PlatformAuthentication"));
        Assert.Equal("heard.example.org", SettingOf(open, "NrSer__Web__Domains"));
        JsonElement signIn = Of(predicted.AppOnGpu, "Microsoft.App/containerApps/authConfigs", "current").GetProperty("properties");
        Assert.True(signIn.GetProperty("platform").GetProperty("enabled").GetBoolean());
        JsonElement validation = signIn.GetProperty("globalValidation");
        Assert.Equal("RedirectToLoginPage", validation.GetProperty("unauthenticatedClientAction").GetString());
        Assert.False(validation.TryGetProperty("excludedPaths", out _)); // a probe does not come this way
        JsonElement entra = Assert.Single(signIn.GetProperty("identityProviders").EnumerateObject().ToArray()).Value;
        JsonElement registration = entra.GetProperty("registration");
        Assert.Equal("the-registration", registration.GetProperty("clientId").GetString());
        Assert.Contains("/v2.0'", registration.GetProperty("openIdIssuer").GetString(), StringComparison.Ordinal);
        // learn.microsoft.com, "Use a managed identity instead of a secret": the name is the word for it, the value an id
        JsonElement secret = Assert.Single(open.GetProperty("configuration").GetProperty("secrets").EnumerateArray().ToArray());
        Assert.Equal("override-use-mi-fic-assertion-client-id", secret.GetProperty("name").GetString());
        Assert.Equal(secret.GetProperty("name").GetString(), registration.GetProperty("clientSecretSettingName").GetString());
        Assert.Equal("identities.web.clientId", Short(secret.GetProperty("value").GetString()!).Trim('[', ']'));
    }

    // learn.microsoft.com, AzureFunctionsWebHost__hostid: at most 32 lower-case letters, digits and dashes.
    [Fact]
    public void FunctionsHosts_KnowThatTheyAreOfOneKin()
    {
        JsonElement functions = Of(predicted.ByDefault, "Microsoft.App/containerApps", "ca-functions-");
        JsonElement id = functions.GetProperty("properties").GetProperty("template").GetProperty("containers")[0].GetProperty("env").EnumerateArray()
            .Single(setting => setting.GetProperty("name").GetString() == "AzureFunctionsWebHost__hostid");
        Assert.Matches("^[a-z0-9]([a-z0-9-]{0,30})[a-z0-9]$", id.GetProperty("value").GetString());
    }

    private static JsonValueKind Optional(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value.ValueKind : JsonValueKind.Null;

    private static string? SettingOf(JsonElement app, string name) => app.GetProperty("template").GetProperty("containers")[0].GetProperty("env")
        .EnumerateArray().Single(setting => setting.GetProperty("name").GetString() == name).GetProperty("value").GetString();

    // What infra/README.md says of adding a part.
    [Fact]
    public async Task Queue_ThatIsOneLineMore_BringsItsRuleAndItsAlerts()
    {
        const string Last = "  { name: 'downloads', host: 'functions' }\n", Next = "  { name: 'transcripts', host: 'functions' }\n";
        JsonElement prediction = await CompiledBicep.PredictAsync(folder =>
        {
            string names = Path.Combine(folder, "modules", "names.bicep");
            string text = File.ReadAllText(names).ReplaceLineEndings("\n");
            Assert.Contains(Last, text, StringComparison.Ordinal);
            File.WriteAllText(names, text.Replace(Last, Last + Next, StringComparison.Ordinal));
        });
        (string Title, string Line)[] added = [.. Lines(prediction).Except(Lines(predicted.ByDefault))];
        TestContext.Current.TestOutputHelper!.WriteLine(Page(added));
        Assert.Collection(
            added.Select(line => line.Title).Distinct(StringComparer.Ordinal),
            queue => Assert.StartsWith("ServiceBus/namespaces/queues", queue, StringComparison.Ordinal),
            rule => Assert.StartsWith("App/containerApps ca-functions-", rule, StringComparison.Ordinal),
            standstill => Assert.StartsWith("Insights/metricAlerts alert-standstill-transcripts-", standstill, StringComparison.Ordinal),
            letters => Assert.StartsWith("Insights/metricAlerts alert-letters-transcripts-", letters, StringComparison.Ordinal));
    }

    private static IEnumerable<(string Queue, string Identity)> Rules(JsonElement scaling) =>
        from rule in scaling.GetProperty("scale").GetProperty("rules").EnumerateArray()
        let trigger = rule.TryGetProperty("custom", out JsonElement custom) ? custom : rule
        where trigger.GetProperty("type").GetString() == "azure-servicebus"
        select (trigger.GetProperty("metadata").GetProperty("queueName").GetString()!,
            Short(trigger.GetProperty("identity").GetString()!).Trim('[', ']'));

    private static JsonElement Of(JsonElement prediction, string type, string name) => Assert.Single(
        prediction.GetProperty("predictedResources").EnumerateArray(),
        resource => resource.GetProperty("type").GetString() == type
            && resource.GetProperty("name").GetString()!.Contains(name, StringComparison.Ordinal));

    [GeneratedRegex(@"^  (?<name>[a-z]+):\n(    .*\n)*?    apiVersion: (?<api>[0-9-]+)", RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Service();

    /// <summary>What more than one test reads; a prediction takes seconds.</summary>
    public sealed class Predictions : IAsyncLifetime
    {
        /// <summary>A job on processors, as nobody asked for otherwise.</summary>
        public JsonElement ByDefault { get; private set; }

        /// <summary>An app on a GPU, both images built.</summary>
        public JsonElement AppOnGpu { get; private set; }

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            ByDefault = await CompiledBicep.PredictAsync();
            AppOnGpu = await CompiledBicep.PredictAsync(s_appOnGpu);
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
