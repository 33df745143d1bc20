using System.Text.Json;
using System.Text.Json.Serialization;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Lake;

/// <summary>What stands beside the parts: the schema, how far the lake has got, the podcasts, the calendar.</summary>
/// <param name="blobs">The lake.</param>
/// <param name="podcasts">Feeds.</param>
/// <param name="time">The clock.</param>
public sealed class LakeDocuments(LakeBlobs blobs, PodcastStore podcasts, TimeProvider time)
{
    /// <summary>The schema, as <c>_schema.json</c> has it.</summary>
    public static LakeSchemaV1 Schema { get; } = new(1, [.. LakeTable.All.Select(table => new LakeSchemaTableV1(
        table.Name, table.Meaning, table.Files, [.. table.Columns.Select(column => new LakeSchemaColumnV1(
            column.Name, column.SqlType, column.Unit, column.IsNullable, column.Meaning))]))]);

    /// <summary>How far the lake has got; null before it was first compacted.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<LakeFreshnessV1?> FindFreshnessAsync(CancellationToken cancellationToken) =>
        await blobs.FindAsync(LakeBlobs.FreshnessName, cancellationToken).ConfigureAwait(false) is { } content
            ? JsonSerializer.Deserialize(content.ToMemory().Span, LakeJsonContext.Default.LakeFreshnessV1) : null;

    /// <summary>Writes all of them. What it costs grows with the parts, not with what they hold.</summary>
    internal async Task WriteAsync(LakeWorkspace workspace, CancellationToken cancellationToken)
    {
        LakePart[] parts = await blobs.ListAsync(month: null, cancellationToken).ToArrayAsync(cancellationToken).ConfigureAwait(false);
        if (parts.Length == 0)
            return;
        await WriteIfNewAsync(LakeBlobs.SchemaName, SchemaBytes(), cancellationToken).ConfigureAwait(false);
        await WriteAsync(workspace, LakeTable.Dates, DatesOf(parts), cancellationToken).ConfigureAwait(false);
        await WriteFeedsAsync(workspace, cancellationToken).ConfigureAwait(false);
        var freshness = new LakeFreshnessV1(
            1, time.GetUtcNow(), RowsOf(LakeTable.Recordings), RowsOf(LakeTable.Segments),
            [.. parts.Select(part => new LakeFreshnessPartV1(part.BlobName[LakePart.Root.Length..], part.Rows, part.Bytes, part.ETag))]);
        await blobs.WriteAsync(
            LakeBlobs.FreshnessName,
            BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(freshness, LakeJsonContext.Default.LakeFreshnessV1)), cancellationToken)
            .ConfigureAwait(false);

        long RowsOf(LakeTable table) => parts.Where(part => part.Table == table.Name).Sum(part => part.Rows);
    }

    /// <summary>Writes the podcasts as they stand. One that was forgotten while that was done is not written back: it looks again.</summary>
    /// <param name="workspace">Where.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    internal async Task WriteFeedsAsync(LakeWorkspace workspace, CancellationToken cancellationToken)
    {
        HashSet<string> written;
        do
        {
            Feed[] feeds = await podcasts.FeedsAsync(cancellationToken).ToArrayAsync(cancellationToken).ConfigureAwait(false);
            workspace.Create("feeds_now", feeds);
            await WriteAsync(workspace, LakeTable.Feeds, "SELECT * FROM feeds_now", cancellationToken).ConfigureAwait(false);
            written = [.. feeds.Select(feed => feed.Id)];
        }
        while (!written.IsSubsetOf(await podcasts.FeedsAsync(cancellationToken).Select(feed => feed.Id).ToArrayAsync(cancellationToken)
            .ConfigureAwait(false)));
    }

    /// <summary>Compares what stands beside the parts with them. What one compaction is late with is no difference.</summary>
    /// <param name="workspace">Where.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <returns>What differs, sentences without their end.</returns>
    internal async Task<IReadOnlyList<string>> VerifyAsync(LakeWorkspace workspace, CancellationToken cancellationToken)
    {
        LakePart[] parts = await blobs.ListAsync(month: null, cancellationToken).ToArrayAsync(cancellationToken).ConfigureAwait(false);
        if (parts.Length == 0)
            return [];
        var wrong = new List<string>();
        if (await blobs.FindAsync(LakeBlobs.SchemaName, cancellationToken).ConfigureAwait(false) is not { } schema
            || !schema.ToMemory().Span.SequenceEqual(SchemaBytes().ToMemory().Span))
            wrong.Add("_schema.json is missing or of another version");
        if (await FindFreshnessAsync(cancellationToken).ConfigureAwait(false) is null)
            wrong.Add("_freshness.json is missing");
        string? dates = await DownloadAsync(workspace, LakeTable.Dates, cancellationToken).ConfigureAwait(false);
        if (dates is null || workspace.Read($"{DatesOf(parts)} EXCEPT SELECT \"Date\" FROM read_parquet({LakeWorkspace.Quote(dates)})", _ => true)
            is { Count: > 0 })
            wrong.Add("dates.parquet is missing, or lacks days");

        string[] known = await podcasts.FeedsAsync(cancellationToken).Select(feed => feed.Id).ToArrayAsync(cancellationToken).ConfigureAwait(false);
        string? file = await DownloadAsync(workspace, LakeTable.Feeds, cancellationToken).ConfigureAwait(false);
        if (file is null)
            wrong.Add("feeds.parquet is missing");
        else
        {
            wrong.AddRange(workspace.Read(
                $"SELECT \"FeedId\" FROM read_parquet({LakeWorkspace.Quote(file)}) ORDER BY 1", row => row.GetString(0))
                .Except(known, StringComparer.Ordinal).Select(id => $"feeds.parquet has {id}, which is no feed any more"));
        }

        return wrong;
    }

    private static BinaryData SchemaBytes() =>
        BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(Schema, LakeJsonContext.Default.LakeSchemaV1));

    /// <summary>SQL for the days from the first month of the lake to the end of the last one's year.</summary>
    private static string DatesOf(LakePart[] parts)
    {
        string first = parts.Min(part => part.Month)!, last = parts.Max(part => part.Month)![..4];
        return $"SELECT day::DATE AS day FROM range(DATE '{first}-01', DATE '{last}-12-31' + 1, INTERVAL 1 DAY) days(day)";
    }

    private async Task WriteAsync(LakeWorkspace workspace, LakeTable table, string rows, CancellationToken cancellationToken)
    {
        string path = workspace.PathOf(table.Files);
        workspace.Write(table, rows, path);
        await WriteIfNewAsync(
            LakePart.Root + table.Files, BinaryData.FromBytes(await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<string?> DownloadAsync(LakeWorkspace workspace, LakeTable table, CancellationToken cancellationToken)
    {
        string path = workspace.PathOf(table.Files);
        return await blobs.TryDownloadAsync(LakePart.Root + table.Files, etag: null, path, cancellationToken).ConfigureAwait(false) ? path : null;
    }

    /// <remarks>Caches by ETag keep what did not change.</remarks>
    private async Task WriteIfNewAsync(string blobName, BinaryData content, CancellationToken cancellationToken)
    {
        BinaryData? old = await blobs.FindAsync(blobName, cancellationToken).ConfigureAwait(false);
        if (old is null || !old.ToMemory().Span.SequenceEqual(content.ToMemory().Span))
            await blobs.WriteAsync(blobName, content, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary><c>_freshness.json</c>.</summary>
/// <param name="Version">1.</param>
/// <param name="CompactedAt">When recordings were last taken in.</param>
/// <param name="Recordings">Rows of all parts.</param>
/// <param name="Segments">Rows of all parts.</param>
/// <param name="Parts">The parts.</param>
public sealed record LakeFreshnessV1(
    int Version, DateTimeOffset CompactedAt, long Recordings, long Segments, IReadOnlyList<LakeFreshnessPartV1> Parts);

/// <summary>A part.</summary>
/// <param name="Name">Below <c>lake/v1/</c>.</param>
/// <param name="Rows">How many it holds.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="ETag">Of its content.</param>
public sealed record LakeFreshnessPartV1(string Name, long Rows, long Bytes, string? ETag);

/// <summary><c>_schema.json</c>.</summary>
/// <param name="Version">1.</param>
/// <param name="Tables">Of the lake.</param>
public sealed record LakeSchemaV1(int Version, IReadOnlyList<LakeSchemaTableV1> Tables);

/// <summary>A table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Meaning">What a row is.</param>
/// <param name="Files">Below <c>lake/v1/</c>.</param>
/// <param name="Columns">In order.</param>
public sealed record LakeSchemaTableV1(string Name, string Meaning, string Files, IReadOnlyList<LakeSchemaColumnV1> Columns);

/// <summary>A column.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">In DuckDB's words.</param>
/// <param name="Unit">Unit or range; null where there is none.</param>
/// <param name="Nullable">Whether a row may lack it.</param>
/// <param name="Meaning">What it says.</param>
public sealed record LakeSchemaColumnV1(string Name, string Type, string? Unit, bool Nullable, string Meaning);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(LakeSchemaV1))]
[JsonSerializable(typeof(LakeFreshnessV1))]
internal sealed partial class LakeJsonContext : JsonSerializerContext;
