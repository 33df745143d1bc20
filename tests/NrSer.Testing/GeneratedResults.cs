using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using NrSer.Core.Models;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Testing;

/// <summary>Results without audio: the same number gives the same recording. Values are spread as real ones are; none is anybody's.</summary>
public static class GeneratedResults
{
    private const double SegmentSeconds = 4;
    private const int ChunkSegments = 75; // 5 min

    // What was heard is made again by the models that made it alone: rows name those that there are.
    private static readonly ModelCatalog s_models = ModelCatalog.Load(new ModelOptions().CatalogPath);

    /// <summary>The id of the model in a slot, as rows name it.</summary>
    /// <param name="kind">The slot.</param>
    public static string ModelOf(ModelKind kind) => s_models.ChooseOwn(kind).Id;

    /// <summary>A recording that has ended well.</summary>
    /// <param name="number">Which.</param>
    /// <param name="day">Day of its upload.</param>
    /// <param name="segments">How many it has.</param>
    public static Recording Recording(int number, DateOnly day, int segments)
    {
        DateTimeOffset uploaded = new(day, TimeOnly.FromTimeSpan(TimeSpan.FromSeconds(number % 86_400)), TimeSpan.Zero);
        string name = string.Create(CultureInfo.InvariantCulture, $"archive/{number % 97:D2}/episode-{number:D6}.mp3");
        return new Recording
        {
            Id = RecordingId.Of(uploaded, "recordings", name, "1"), BlobName = name, BlobETag = "1", Status = RecordingStatus.Completed, Reason = "",
            UploadedAt = uploaded, StartedAt = uploaded, CompletedAt = uploaded.AddMinutes(2), ContentBytes = 1_000L * segments,
            DurationSeconds = segments * SegmentSeconds, SampleRateHz = 44_100, Channels = 2, Encoding = "mp3", SegmentStore = SegmentStore.Blob,
            ChannelMode = Core.Audio.ChannelMode.Mix, MaxChunkSeconds = 300, ExpectedChunks = (segments + ChunkSegments - 1) / ChunkSegments,
            IngestedGeneration = 0, SegmentCount = segments, SpeechSegmentCount = segments, ModelQuality = "demonstration",
        };
    }

    /// <summary>A podcast.</summary>
    /// <param name="number">Which.</param>
    public static Feed Feed(int number) => new()
    {
        Id = $"{number:x16}", Url = $"https://feeds.example/{number}?token=SECRET", Title = $"Show {number}", Slug = $"show-{number}",
    };

    /// <summary>Stores an episode of a podcast whose recording is another's.</summary>
    /// <param name="account">Where.</param>
    /// <param name="feed">From <see cref="Feed"/>.</param>
    /// <param name="recording">From <see cref="Recording"/>.</param>
    /// <param name="title">Its title.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The recording as that of the episode; not stored yet.</returns>
    public static async Task<Recording> StoreEpisodeAsync(
        StorageAccount account, Feed feed, Recording recording, string title, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(feed);
        ArgumentNullException.ThrowIfNull(recording);
        var podcasts = new PodcastStore(account.Tables);
        if (await podcasts.FindFeedAsync(feed.Id, cancellationToken) is null)
            await podcasts.TryWriteAsync(feed, cancellationToken);
        string key = recording.Id.Value[^16..];
        recording = recording with { BlobName = $"{feed.NamePrefix}2026-03-30-{key}.mp3", RecordedAt = recording.UploadedAt?.AddDays(-1) };
        await podcasts.TryWriteAsync(
            new Episode
            {
                FeedId = feed.Id, Key = key, Status = EpisodeStatus.Stored, Title = title, Url = "https://audio.example/1.mp3?token=SECRET",
                ItemId = "SECRET", Link = "https://show.example/?token=SECRET", PublishedAt = recording.RecordedAt, Number = 7,
                IsExplicit = false, BlobName = recording.BlobName, StoredAt = recording.UploadedAt,
            }, cancellationToken);
        return recording;
    }

    /// <summary>Its segments, in order.</summary>
    /// <param name="recording">From <see cref="Recording"/>.</param>
    public static Segment[] Segments(Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var random = new Random(int.Parse(recording.Id.Value.AsSpan(9, 7), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        int channels = recording.ChannelMode == Core.Audio.ChannelMode.Separate ? recording.Channels ?? 1 : 1;
        int perChannel = (recording.SegmentCount ?? 0) / channels;
        return [.. Enumerable.Range(0, perChannel * channels).Select(number =>
        {
            (int channel, int index) = Math.DivRem(number, perChannel);
            bool speech = random.NextDouble() < 0.8;
            float trust = random.NextSingle();
            var segment = new Segment
            {
                RecordingId = recording.Id, Channel = channel, StartSeconds = index * SegmentSeconds, EndSeconds = (index + 1) * SegmentSeconds,
                SnrScore = random.NextSingle(), MixWeight = random.NextSingle(), IsSpeech = speech, IsReportable = speech && trust > 0.4f,
                EnhancerModel = ModelOf(ModelKind.Enhancer), SnrLevelModel = ModelOf(ModelKind.SnrLevel), ModelQuality = "demonstration",
            };
            return !speech ? segment : segment with
            {
                Emotion = EmotionVocabulary.Names[random.Next(4)], Confidence = random.NextSingle(), Trust = trust,
                Probabilities = [.. EmotionVocabulary.Names.Select((_, emotion) => emotion < 4 ? random.NextSingle() : (float?)null)],
                Arousal = 1 + (4 * random.NextSingle()), Valence = 1 + (4 * random.NextSingle()), Dominance = 1 + (4 * random.NextSingle()),
                RatingScale = "1–5",
                EmotionModel = ModelOf(ModelKind.Emotion),
            };
        })];
    }

    /// <summary>Stores something under the name of its upload, known to the pipeline as taken in.</summary>
    /// <param name="account">Where.</param>
    /// <param name="recording">From <see cref="Recording"/>.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task UploadAsync(StorageAccount account, Recording recording, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(recording);
        byte[] content = Encoding.UTF8.GetBytes(recording.BlobName!);
        BlobContentInfo stored = await account.Blobs.Container(StorageNames.Recordings).GetBlobClient(recording.BlobName)
            .UploadAsync(new BinaryData(content), overwrite: true, cancellationToken);
        await new UploadIndex(account.Tables).TryWriteAsync(
            new IndexedUpload(recording.BlobName!, recording.Id, stored.ETag.ToString().Trim('"'), content.Length,
                Convert.ToHexStringLower(SHA256.HashData(content))), cancellationToken);
    }

    /// <summary>One of the emotions that recordings are given.</summary>
    /// <param name="number">Which.</param>
    public static string EmotionOf(int number) => EmotionVocabulary.Names[number % 4];

    /// <summary>Stores rows alone, many at a time.</summary>
    /// <param name="account">Where.</param>
    /// <param name="recordings">From <see cref="Recording"/>.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task StoreRowsAsync(StorageAccount account, IEnumerable<Recording> recordings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(account);
        TableClient table = account.Tables.Recordings;
        foreach (Recording[] batch in recordings.GroupBy(recording => recording.Id.Day, StringComparer.Ordinal).SelectMany(day => day.Chunk(100)))
        {
            await table.SubmitTransactionAsync(
                batch.Select(recording => new TableTransactionAction(
                    TableTransactionActionType.UpsertReplace,
                    TableRows.ToEntity(RecordingColumns.All, recording, recording.Id.Day, recording.Id.Value))), cancellationToken);
        }
    }

    /// <summary>Stores a recording as the stages do: rows a chunk, journal, then the row that says that it has ended.</summary>
    /// <param name="account">Where.</param>
    /// <param name="recording">From <see cref="Recording"/>.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task StoreAsync(StorageAccount account, Recording recording, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(recording);
        Segment[] segments = Segments(recording);
        var rows = new SegmentBlobs(account.Blobs);
        foreach (IGrouping<int, Segment> channel in segments.GroupBy(segment => segment.Channel))
        {
            foreach ((int index, Segment[] chunk) in channel.Chunk(ChunkSegments).Index())
            {
                var id = new ChunkId(recording.Id, channel.Key, index);
                await rows.MergeAsync(id, chunk, Stage.Enhance, cancellationToken);
                await rows.MergeAsync(id, chunk, Stage.Recognize, cancellationToken);
            }
        }

        await new ResultBlobs(account.Blobs).WriteAsync(recording, segments, cancellationToken);
        await account.Store.AdvanceAsync(recording, cancellationToken);
    }
}
