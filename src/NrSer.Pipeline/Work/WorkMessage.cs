using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NrSer.Pipeline.Chunks;

namespace NrSer.Pipeline.Work;

/// <summary>One message on its way through any queue.</summary>
/// <param name="MessageId">Unique per recording, generation, chunk and stage, so that duplicate detection keeps retries apart; at most 128
/// characters.</param>
/// <param name="Body">JSON.</param>
/// <param name="TraceParent">W3C trace context of the sender, or null.</param>
public sealed record WorkMessage(string MessageId, string Body, string? TraceParent)
{
    /// <summary>The lane whose queue it came from, and which what it leads to takes too.</summary>
    public Lane Lane { get; init; }

    /// <summary>Asks for a chunk's enhancement.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="generation">The recording's generation.</param>
    public static WorkMessage Enhance(ChunkId chunk, int generation) => Of(
        chunk, generation, "enhance", new EnhanceChunkV1(chunk.Recording.Value, generation, chunk.Channel, chunk.Index),
        MessageJsonContext.Default.EnhanceChunkV1);

    /// <summary>Asks for a chunk's emotions.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="generation">The recording's generation.</param>
    public static WorkMessage Recognize(ChunkId chunk, int generation) => Of(
        chunk, generation, "recognize", new RecognizeEmotionV1(chunk.Recording.Value, generation, chunk.Channel, chunk.Index),
        MessageJsonContext.Default.RecognizeEmotionV1);

    /// <summary>Asks for an episode.</summary>
    /// <param name="feedId">Its feed.</param>
    /// <param name="key">Its key.</param>
    /// <param name="askedAt">Now: an episode that was put off is asked for again.</param>
    public static WorkMessage Fetch(string feedId, string key, DateTimeOffset askedAt) => new(
        string.Create(CultureInfo.InvariantCulture, $"{feedId}/{key}/{askedAt.UtcDateTime:yyyyMMddHHmmss}/fetch"),
        JsonSerializer.Serialize(new FetchEpisodeV1(feedId, key), MessageJsonContext.Default.FetchEpisodeV1), Activity.Current?.Id);

    /// <summary>The body as a <see cref="FetchEpisodeV1"/>.</summary>
    /// <exception cref="InvalidMessageException">It is none.</exception>
    public FetchEpisodeV1 AsFetchEpisode() => Read(MessageJsonContext.Default.FetchEpisodeV1);

    /// <summary>The body as a <see cref="EnhanceChunkV1"/>.</summary>
    /// <exception cref="InvalidMessageException">It is none.</exception>
    public EnhanceChunkV1 AsEnhanceChunk() => Read(MessageJsonContext.Default.EnhanceChunkV1);

    /// <summary>The body as a <see cref="RecognizeEmotionV1"/>.</summary>
    /// <exception cref="InvalidMessageException">It is none.</exception>
    public RecognizeEmotionV1 AsRecognizeEmotion() => Read(MessageJsonContext.Default.RecognizeEmotionV1);

    /// <summary>The chunk that a message names.</summary>
    /// <exception cref="InvalidMessageException">The id or a number is not valid.</exception>
    internal static ChunkId ChunkOf(string recordingId, int channel, int index) =>
        RecordingId.TryParse(recordingId, out RecordingId recording) && channel >= 0 && index >= 0
            ? new ChunkId(recording, channel, index)
            : throw new InvalidMessageException($"The message names no chunk: '{recordingId}', channel {channel}, index {index}.");

    private static WorkMessage Of<T>(ChunkId chunk, int generation, string stage, T body, JsonTypeInfo<T> type) => new(
        $"{chunk.Recording}/{generation}/{chunk.Channel}-{chunk.Index}/{stage}", JsonSerializer.Serialize(body, type), Activity.Current?.Id);

    private T Read<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(Body, type) ?? throw new InvalidMessageException($"Message {MessageId} is empty.");
        }
        catch (Exception error) when (error is JsonException or ArgumentException) // the latter for text that is no UTF-16
        {
            throw new InvalidMessageException($"Message {MessageId} is not a {typeof(T).Name}: {error.Message}", error);
        }
    }
}
