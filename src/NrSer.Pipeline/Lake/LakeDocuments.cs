using System.Text.Json;
using System.Text.Json.Serialization;

namespace NrSer.Pipeline.Lake;

/// <summary>What stands beside the parts: the schema, how far the lake has got, the calendar.</summary>
/// <param name="blobs">The lake.</param>
/// <param name="time">The clock.</param>
public sealed class LakeDocuments(LakeBlobs blobs, TimeProvider time)
{
    /// <summary>The schema, as <c>_schema.json</c> has it.</summary>
    public static LakeSchemaV1 Schema { get; } = new(1, [.. LakeTable.All.Select(table => new LakeSchemaTableV1(
        table.Name, table.Meaning, LakeTable.Partitioned.Contains(table) ? $"{table.Name}/month=yyyy-MM/part-NNNN.parquet" : $"{table.Name}.parquet",
        [.. table.Columns.Select(column => new LakeSchemaColumnV1(
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
        await WriteIfNewAsync(
            LakeBlobs.SchemaName, BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(Schema, LakeJsonContext.Default.LakeSchemaV1)),
            cancellationToken).ConfigureAwait(false);

        string path = workspace.PathOf("dates.parquet");
        string first = parts.Min(part => part.Month)!, last = parts.Max(part => part.Month)![..4];
        workspace.Write(
            LakeTable.Dates,
            $"SELECT day::DATE AS day FROM range(DATE '{first}-01', DATE '{last}-12-31' + 1, INTERVAL 1 DAY) days(day)", path);
        await WriteIfNewAsync(
            LakeBlobs.DatesName, BinaryData.FromBytes(await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false)), cancellationToken)
            .ConfigureAwait(false);

        var freshness = new LakeFreshnessV1(
            1, time.GetUtcNow(), RowsOf(LakeTable.Recordings), RowsOf(LakeTable.Segments),
            [.. parts.Select(part => new LakeFreshnessPartV1(part.BlobName[LakePart.Root.Length..], part.Rows, part.Bytes, part.ETag))]);
        await blobs.WriteAsync(
            LakeBlobs.FreshnessName,
            BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(freshness, LakeJsonContext.Default.LakeFreshnessV1)), cancellationToken)
            .ConfigureAwait(false);

        long RowsOf(LakeTable table) => parts.Where(part => part.Table == table.Name).Sum(part => part.Rows);
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
