using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Lake;

namespace NrSer.Dashboard.Api;

/// <summary>How long which emotion was heard, over many recordings.</summary>
internal static class EmotionEndpoint
{
    public static void MapEmotions(this IEndpointRouteBuilder api) => api.MapGet("/query/emotions", QueryAsync).WithName("emotions")
        .WithSummary("Seconds of reportable speech by emotion and day, feed or recording, with mean trust.")
        .WithDescription($"From the lake, which is some minutes late; `asOf` is null before there is one. At most {EmotionQuery.MostRows} rows.");

    private static async Task<Ok<EmotionsV1>> QueryAsync(
        EmotionQuery query, TimeProvider time, CancellationToken cancellationToken, [Description(Days.First)] DateOnly? from = null,
        [Description(Days.Last)] DateOnly? to = null,
        [Description("What each row is about."), AllowedValues("day", "feed", "recording")] string groupBy = "day")
    {
        (DateOnly first, DateOnly last) = Days.Of(from, to, time);
        return TypedResults.Ok(await query.RunAsync(first, last, groupBy, cancellationToken).ConfigureAwait(false));
    }
}

/// <summary>Asks the lake.</summary>
/// <param name="blobs">The lake.</param>
/// <param name="documents">How far it has got.</param>
/// <param name="options">Where its files are kept.</param>
/// <param name="time">The clock.</param>
internal sealed class EmotionQuery(LakeBlobs blobs, LakeDocuments documents, IOptions<DashboardOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>Most rows of an answer.</summary>
    public const int MostRows = 20_000;

    private const int MemoryMegabytes = 256;

    private readonly SemaphoreSlim _turn = new(1); // each takes all cores and that memory

    public async Task<EmotionsV1> RunAsync(DateOnly from, DateOnly to, string groupBy, CancellationToken cancellationToken)
    {
        string key = groupBy switch
        {
            "day" => "CAST(r.UploadedOn AS VARCHAR)",
            "feed" => "CASE WHEN starts_with(r.BlobName, 'podcasts/') THEN split_part(r.BlobName, '/', 2) ELSE '' END",
            _ => "r.RecordingId",
        };
        string sql = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            SELECT {key} AS Key, s.Emotion, sum(s.DurationSeconds), sum(s.Trust * s.DurationSeconds) / sum(s.DurationSeconds)
            FROM segments s JOIN recordings r USING (RecordingId)
            WHERE s.IsReportable AND r.UploadedOn BETWEEN DATE '{from:yyyy-MM-dd}' AND DATE '{to:yyyy-MM-dd}'
            GROUP BY ALL ORDER BY ALL LIMIT {MostRows + 1}
            """);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var cache = new LakeCache(blobs, options.Value.LakeFolder, time);
            LakeSnapshot? lake = await cache.PinAsync(cancellationToken).ConfigureAwait(false);
            if (lake is null)
                return new EmotionsV1(groupBy, AsOf: null, IsWhole: true, []);
            using LakeDatabase database = LakeDatabase.Open(lake, cache.Folder, MemoryMegabytes);
            using LakeRows rows = await database.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
            var found = new List<EmotionRowV1>();
            while (rows.Read())
                found.Add(new EmotionRowV1(rows.Reader.GetString(0), rows.Reader.GetString(1), rows.Reader.GetDouble(2), rows.Reader.GetDouble(3)));
            LakeFreshnessV1? freshness = await documents.FindFreshnessAsync(cancellationToken).ConfigureAwait(false);
            return new EmotionsV1(groupBy, freshness?.CompactedAt, found.Count <= MostRows, found.Count <= MostRows ? found : found[..MostRows]);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();
}

/// <summary>Emotions over many recordings.</summary>
/// <param name="GroupBy">What a key is.</param>
/// <param name="AsOf">How far the lake has got; null before there is one.</param>
/// <param name="IsWhole">Whether there are no more rows.</param>
/// <param name="Rows">In order of key and emotion.</param>
internal sealed record EmotionsV1(string GroupBy, DateTimeOffset? AsOf, bool IsWhole, IReadOnlyList<EmotionRowV1> Rows);

/// <summary>An emotion.</summary>
/// <param name="Key">Day, feed's folder (empty for uploads) or recording.</param>
/// <param name="Emotion">As it was heard.</param>
/// <param name="Seconds">Of reportable speech.</param>
/// <param name="Trust">Mean, by length.</param>
internal sealed record EmotionRowV1(string Key, string Emotion, double Seconds, double Trust);
