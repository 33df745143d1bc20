using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using NrSer.Core.Audio.Input;
using NrSer.Dashboard;
using NrSer.Pipeline.Storage;
using NrSer.ServiceBus;
using NrSer.Web;
using NrSer.Worker;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>Settings that the hosts are given, against those that the code reads.</summary>
public sealed partial class BicepSettingTests(CompiledBicep bicep)
{
    /// <summary>Settings that other software reads: the Functions runtime, the Azure SDK, the telemetry exporter.</summary>
    private static readonly string[] s_foreignSettings =
    [
        "AZURE_CLIENT_ID", "FUNCTIONS_EXTENSION_VERSION", "FUNCTIONS_WORKER_RUNTIME", "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "AzureWebJobsStorage__accountName", "AzureWebJobsStorage__credential",
        "AzureWebJobsStorage__clientId", "AzureFunctionsWebHost__hostid", "ServiceBus__credential", "ServiceBus__clientId",
    ];

    /// <summary>Settings of the code that no host in Azure sets, because the default serves, or because they are for other places.</summary>
    private static readonly string[] s_leftAlone =
    [
        "NrSer__Storage__ConnectionString", "ServiceBus__ConnectionString", "NrSer__Storage__QueueEndpoint", // of emulators
        "NrSer__Models__InstalledPath", "NrSer__Models__Enhancer", "NrSer__Models__SnrLevel", "NrSer__Models__Emotion", // the catalogue's defaults
        "NrSer__Models__Cuda", "NrSer__Models__Threads", "NrSer__Models__Cascade", "NrSer__Emotion__RatingScale",
        "NrSer__Queues__LongestWork", "NrSer__Queues__PollInterval",
        "NrSer__Sweep__Interval", "NrSer__Sweep__LostEventAfter", "NrSer__Sweep__StuckAfter", "NrSer__Sweep__MaxFailedRuns",
        "NrSer__Sweep__LookBackDays", "NrSer__Sweep__ReconcileEvery", "NrSer__Audio__CutOff",
        "NrSer__Forgetting__Interval", "NrSer__Forgetting__FinalAfter", "NrSer__Retention__Feeds",
        "NrSer__Uploads__LongestPause", "NrSer__WorkAudio__BudgetBytes", "NrSer__Ingest__HoldAfter", // of laptops
        "NrSer__Ingest__PodcastSegmentStore",
        "NrSer__Podcasts__CheckEvery", "NrSer__Podcasts__PrivateHosts", "NrSer__Podcasts__Proxy", "NrSer__Podcasts__PerHost",
        "NrSer__Podcasts__Pause", "NrSer__Podcasts__BytesPerSecond", "NrSer__Podcasts__InFlight", "NrSer__Podcasts__MaxFeedBytes",
        "NrSer__Podcasts__MaxEpisodeBytes", "NrSer__Podcasts__Attempts", "NrSer__Podcasts__RetryDelay", "NrSer__Podcasts__LongestWait",
        "NrSer__Podcasts__StallLimit",
        "NrSer__Ingest__SegmentStore", "NrSer__Lake__Interval", "NrSer__Lake__CompactAfter",
        "NrSer__Lake__CompactAt", "NrSer__Lake__MaxPartRows", "NrSer__Lake__MemoryMegabytes",
        "NrSer__Segmentation__MaxChunk", "NrSer__Segmentation__TargetSegment", "NrSer__Segmentation__SilenceBelowDbfs",
        "NrSer__Segmentation__CrossFade", "NrSer__Emotion__MaxBatch", "NrSer__Emotion__Normalisation",
        "NrSer__Dashboard__LakeFolder", // below the image's home
        "NrSer__Audio__MaxDuration", "NrSer__Audio__MaxChannels", "NrSer__Audio__MinSampleRateHz", "NrSer__Audio__MaxSampleRateHz",
        "NrSer__Audio__FfmpegPath", "NrSer__Audio__FfmpegMaxMemoryBytes", "NrSer__Audio__FfmpegMaxCpuTime", "NrSer__Audio__FfmpegStallLimit",
        "NrSer__Audio__FfmpegSandbox",
    ];

    [Fact]
    public void Settings_OfEveryHost_AreReadByTheCodeOrTheRuntime()
    {
        string[] known = [.. CodeSettings().Concat(s_foreignSettings)];
        foreach (string host in new[] { "functions", "worker", "web" })
            Assert.Empty(SettingsOf(host).Except(known, StringComparer.OrdinalIgnoreCase));
    }

    // A new option of the code has to be set in Bicep, or be named above as one whose default serves.
    [Fact]
    public void Settings_OfTheCode_AreSetOrLeftAloneOnPurpose()
    {
        string[] set = [.. SettingsOf("functions").Concat(SettingsOf("worker")).Concat(SettingsOf("web"))];
        Assert.Empty(CodeSettings().Except(set, StringComparer.OrdinalIgnoreCase).Except(s_leftAlone, StringComparer.Ordinal));
        Assert.Empty(s_leftAlone.Intersect(set, StringComparer.OrdinalIgnoreCase));
        Assert.Empty(s_leftAlone.Except(CodeSettings(), StringComparer.Ordinal)); // none is forgotten there
        Assert.Empty(s_foreignSettings.Except(SettingsOf("functions"), StringComparer.Ordinal));
        foreach (string each in new[] { "NrSer__Storage__BlobEndpoint", "NrSer__Storage__ResultsBlobEndpoint", "NrSer__Storage__TableEndpoint",
            "AZURE_CLIENT_ID" })
            Assert.All(["functions", "worker", "web"], host => Assert.Contains(each, SettingsOf(host)));
        Assert.All(["functions", "worker"], host => Assert.Contains("ServiceBus__fullyQualifiedNamespace", SettingsOf(host)));
        Assert.DoesNotContain("ServiceBus__fullyQualifiedNamespace", SettingsOf("web"));
    }

    /// <summary>Every setting that an options class binds, as an environment variable.</summary>
    private static IEnumerable<string> CodeSettings() =>
        from type in new[] { typeof(AudioOptions), typeof(StorageOptions), typeof(ServiceBusOptions), typeof(WorkerOptions),
            typeof(DashboardOptions), typeof(WebOptions) }
            .SelectMany(sample => sample.Assembly.GetTypes())
        let section = type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() as string
        where section is not null && type.Name.EndsWith("Options", StringComparison.Ordinal)
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.CanWrite
        select $"{section.Replace(":", "__", StringComparison.Ordinal)}__{property.Name}";

    /// <summary>Names of the settings of a host: its own, and those that main.bicep hands to both.</summary>
    private string[] SettingsOf(string module)
    {
        JsonElement deployment = bicep.Template.GetProperty("resources").GetProperty(module).GetProperty("properties");
        string all = deployment.GetProperty("parameters").GetProperty("settings").GetRawText() + deployment.GetProperty("template").GetRawText();
        return [.. SettingNames().Matches(all).Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal)];
    }

    [GeneratedRegex("(\"name\": ?\"|'name', ')(?<name>[A-Za-z]+(_+[A-Za-z]+)+)['\"]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SettingNames();
}
