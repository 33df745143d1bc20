using System.Text.Json;
using NrSer.CloudEdge.Tests.Functions.Protocol;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;
using NrSer.Testing;
using Status = NrSer.CloudEdge.Tests.Functions.Protocol.StatusResult.Types.Status;

namespace NrSer.CloudEdge.Tests.Functions;

/// <summary>The built Functions host's worker process, in the real protocol: what is listed, called, cancelled, and reported.</summary>
public sealed class FunctionsProcessTests(FunctionsProcessTests.Started started) : IClassFixture<FunctionsProcessTests.Started>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Both are made of the same attributes, by two generators of the SDK: the one for tools and the scaler, the other for the host.
    [Fact]
    public async Task Index_OfTheProcess_IsWhatTheSdkWroteAndWasApproved()
    {
        FunctionsHost host = await started.HostAsync();
        JsonElement written = Parse(await File.ReadAllTextAsync(Path.Combine(FunctionsHost.Folder, "functions.metadata"), Stop));
        string[] forms = [.. written.EnumerateArray().Select(function => FormOf(
            function.GetProperty("name").GetString()!, function.GetProperty("entryPoint").GetString()!,
            function.GetProperty("scriptFile").GetString()!, function.GetProperty("bindings").EnumerateArray()))];
        Assert.Equal(
            forms.Order(StringComparer.Ordinal),
            host.Functions.Select(function => FormOf(function.Name, function.EntryPoint, function.ScriptFile, function.RawBindings.Select(Parse)))
                .Order(StringComparer.Ordinal));
        Approved.Equal(string.Concat(forms.Order(StringComparer.Ordinal)), "functions.txt");
        // The host cancels and ends only workers that say they understand it, and leaves telemetry to those that say so.
        foreach (string capability in new[] { "HandlesInvocationCancelMessage", "HandlesWorkerTerminateMessage", "WorkerOpenTelemetryEnabled" })
            Assert.Equal("True", host.Answer.Capabilities[capability], ignoreCase: true);
    }

    // What the host loads. The package that names its half of Service Bus is the one that the declarations stand for: this half is missing here.
    [Fact]
    public async Task Extensions_OfTheHost_AreAsApproved() => Approved.Equal(
        await File.ReadAllTextAsync(Path.Combine(FunctionsHost.Folder, "extensions.json"), Stop), "extensions.json");

    [Fact]
    public async Task Sweep_UploadThatNobodyToldOf_SendsItsEvent()
    {
        FunctionsHost host = await started.HostAsync();
        await started.Cloud.Account.Blobs.Container(StorageNames.Recordings).GetBlobClient("text.wav")
            .UploadAsync(BinaryData.FromString("Dear diary"), Stop);
        Assert.Equal((Status.Success, ""), Said(await host.InvokeAsync(nameof(Sweep), FunctionsHost.Tick(), "sweep")));
        Assert.Equal(1, started.Cloud.Queues[StorageNames.UploadsQueue].Count);
    }

    [Fact]
    public async Task Follow_ItsLeaseCannotBeTaken_IsReportedAsFailed()
    {
        FunctionsHost host = await started.HostAsync();
        await started.Cloud.Account.Blobs.Container(StorageNames.Chunks).DeleteAsync(cancellationToken: Stop);
        StatusResult result = await host.InvokeAsync("FollowFeeds", FunctionsHost.Tick(), "follow");
        Assert.Equal(Status.Failure, result.Status);
        Assert.Contains("ContainerNotFound", result.Exception.Message, StringComparison.Ordinal);
        await started.Cloud.Account.Blobs.CreateMissingAsync(Stop);
        Assert.Equal((Status.Success, ""), Said(await host.InvokeAsync("FollowFeeds", FunctionsHost.Tick(), "follow again")));
    }

    // What a host does that is told to stop, before it ends its worker.
    [Fact]
    public async Task Cancel_EpisodeBeingFetched_GivesItsMessageBack()
    {
        CloudUnderTest cloud = started.Cloud;
        FunctionsHost host = await started.HostAsync();
        await using var server = new PodcastServer();
        server.Serve("/1.wav", _ => new PodcastAnswer(200, []) { Delay = TimeSpan.FromHours(1) });
        (PodcastStore podcasts, Episode episode) = await DueAsync(cloud, server);
        Task<StatusResult> fetching = await FetchingAsync(host, server);
        await host.CancelAsync("fetch");
        Assert.Equal((Status.Success, ""), Said(await fetching)); // by then the message is settled, and nothing is left to retry
        Assert.Equal(["abandoned"], cloud.Queues[StorageNames.DownloadsQueue].Settlements);
        Assert.Equal(EpisodeStatus.Listed, (await podcasts.FindEpisodeAsync(episode.FeedId, episode.Key, Stop))!.Status);
        await host.ReceiveAsync(StorageNames.DownloadsQueue);
        Assert.Equal(1, Assert.Single(host.Held.Values).Message.ApplicationProperties["NrSerGivenBack"]); // which is no attempt
    }

    // A host sees the end of the process, and starts another; the message is free when its lock has run out.
    [Fact]
    public async Task Crash_EpisodeBeingFetched_IsSeenAndTheNextWorkerFetchesIt()
    {
        await using CloudUnderTest cloud = await started.CloudAsync();
        await using var server = new PodcastServer();
        server.Serve("/1.wav", _ => new PodcastAnswer(200, []) { Delay = TimeSpan.FromHours(1) });
        (PodcastStore podcasts, Episode episode) = await DueAsync(cloud, server);
        await using FunctionsHost first = await FunctionsHost.StartAsync(cloud);
        Task<StatusResult> fetching = await FetchingAsync(first, server);
        Assert.Equal(128 + 9, await first.KillAsync());
        Exception seen = await Assert.ThrowsAnyAsync<Exception>(() => fetching);
        Assert.Contains("The worker has ended", seen.Message, StringComparison.Ordinal);

        cloud.Queues[StorageNames.DownloadsQueue].EndLocks();
        server.Serve("/1.wav", await Recordings.SilenceAsync(), "audio/wav");
        await using FunctionsHost second = await FunctionsHost.StartAsync(cloud);
        ParameterBinding again = await second.ReceiveAsync(StorageNames.DownloadsQueue);
        Assert.Equal(2, Assert.Single(second.Held.Values).Message.DeliveryCount);
        Assert.Equal((Status.Success, ""), Said(await second.InvokeAsync("FetchEpisode", again, "again")));
        Assert.Equal(EpisodeStatus.Stored, (await podcasts.FindEpisodeAsync(episode.FeedId, episode.Key, Stop))!.Status);
        Assert.Equal(["completed"], cloud.Queues[StorageNames.DownloadsQueue].Settlements);
    }

    /// <summary>An episode of that server that is to be fetched, and the message that says so.</summary>
    private static async Task<(PodcastStore Podcasts, Episode Episode)> DueAsync(CloudUnderTest cloud, PodcastServer server)
    {
        var podcasts = new PodcastStore(cloud.Account.Tables);
        var feed = new Feed { Id = "00000000000000ab", Slug = "show", NextCheckAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1) };
        await podcasts.TryWriteAsync(feed, Stop);
        var episode = new Episode
        {
            FeedId = feed.Id, Key = "1", Status = EpisodeStatus.Listed, Url = new Uri(server.Url, "1.wav").AbsoluteUri,
        };
        await podcasts.TryWriteAsync(episode, Stop);
        await cloud.SendAsync(StorageNames.DownloadsQueue, WorkMessage.Fetch(episode.FeedId, episode.Key, TimeProvider.System.GetUtcNow()).Body);

        return (podcasts, episode);
    }

    /// <summary>A call that waits for the server's answer.</summary>
    private static async Task<Task<StatusResult>> FetchingAsync(FunctionsHost host, PodcastServer server)
    {
        Task<StatusResult> fetching = host.InvokeAsync("FetchEpisode", await host.ReceiveAsync(StorageNames.DownloadsQueue), "fetch");
        await Polling.UntilAsync(() => Task.FromResult(fetching.IsCompleted || !server.Requests.IsEmpty));
        Assert.False(fetching.IsCompleted);
        return fetching;
    }

    private static (Status Status, string Reason) Said(StatusResult result) =>
        (result.Status, $"{result.Exception?.Message}{result.Exception?.StackTrace}");

    private static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    /// <summary>A line for the function, and one for each binding.</summary>
    private static string FormOf(string name, string entryPoint, string assembly, IEnumerable<JsonElement> bindings) =>
        $"{name} = {entryPoint} of {assembly}\n" + string.Concat(bindings.Select(binding => $"    {string.Join(", ", ValuesOf(binding, ""))}\n"));

    private static IEnumerable<string> ValuesOf(JsonElement value, string path) => value.ValueKind == JsonValueKind.Object
        ? value.EnumerateObject().OrderBy(property => property.Name, StringComparer.OrdinalIgnoreCase)
            .SelectMany(property => ValuesOf(property.Value, $"{path}{char.ToLowerInvariant(property.Name[0])}{property.Name[1..]} "))
        : [$"{path}{value}"];

    /// <summary>The process, started once, which ends when it is told to.</summary>
    public sealed class Started(StorageEmulator emulator) : IAsyncLifetime
    {
        private FunctionsHost? _host;

        internal CloudUnderTest Cloud { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Cloud = await CloudAsync();

        public async ValueTask DisposeAsync()
        {
            if (_host is not null)
            {
                Assert.Equal(0, await _host.TerminateAsync());
                await _host.DisposeAsync();
            }

            await Cloud.DisposeAsync();
        }

        internal async Task<CloudUnderTest> CloudAsync()
        {
            CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
            cloud.Settings["NrSer:Sweep:LostEventAfter"] = "00:00:00";
            cloud.Settings["NrSer:Podcasts:PrivateHosts"] = "127.0.0.1";
            return cloud;
        }

        internal async Task<FunctionsHost> HostAsync() => _host ??= await FunctionsHost.StartAsync(Cloud);
    }
}
