using System.Text.Json.Serialization;
using NrSer.Pipeline.Forgetting;

namespace NrSer.Cli.Output;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(AnalysisV2))]
[JsonSerializable(typeof(IReadOnlyList<ModelListingV1>))]
[JsonSerializable(typeof(IReadOnlyList<StatusV1>))]
[JsonSerializable(typeof(StatusSummaryV1))]
[JsonSerializable(typeof(ResultsV2))]
[JsonSerializable(typeof(IReadOnlyList<ResultsV2>))]
[JsonSerializable(typeof(IngestReportV1))]
[JsonSerializable(typeof(BenchReportV2))]
[JsonSerializable(typeof(RetryV1))]
[JsonSerializable(typeof(IReadOnlyList<FeedV1>))]
[JsonSerializable(typeof(IReadOnlyList<EpisodeV1>))]
[JsonSerializable(typeof(PodcastAddedV1))]
[JsonSerializable(typeof(PodcastSyncV1))]
[JsonSerializable(typeof(PodcastPlanV1))]
[JsonSerializable(typeof(IReadOnlyList<PodcastImportV1>))]
[JsonSerializable(typeof(PodcastRetryV1))]
[JsonSerializable(typeof(PodcastRemovedV1))]
[JsonSerializable(typeof(SubscriptionsV1))]
[JsonSerializable(typeof(IReadOnlyList<ProofV1>))]
[JsonSerializable(typeof(AboutV1))]
internal sealed partial class CliJsonContext : JsonSerializerContext;

/// <summary>One object per line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ScoreV1))]
[JsonSerializable(typeof(ScoreTimelineV1))]
internal sealed partial class CliLineJsonContext : JsonSerializerContext;
