using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using NrSer.Pipeline.Rows;
using Parquet;
using Parquet.Schema;

namespace NrSer.Pipeline.Results;

/// <summary>Segment rows as Parquet: a column per table column, one per label for the probabilities.</summary>
public static class SegmentParquet
{
    private const string RecordingIdColumn = "RecordingId";
    private const string ProbabilityPrefix = "Probability_";

    /// <summary>Writes rows of any recordings; the same rows give the same bytes.</summary>
    /// <param name="rows">As the table holds them.</param>
    /// <param name="file">Receives the file; must be able to seek. Stays open.</param>
    /// <param name="cancellationToken">Stops between columns.</param>
    public static async Task WriteAsync(IReadOnlyList<TableEntity> rows, Stream file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var text = new List<(DataField Field, Func<TableEntity, string?> Read)>
        {
            (new DataField<string>(RecordingIdColumn), row => row.PartitionKey),
        };
        foreach (string name in new[]
        {
            nameof(SegmentRow.Emotion), nameof(RecordingRow.EnhancerModel), nameof(RecordingRow.SnrLevelModel), nameof(RecordingRow.EmotionModel),
            nameof(RecordingRow.ModelQuality),
        })
        {
            text.Add((new DataField<string>(name), row => row.GetString(name)));
        }

        var channel = new DataField<int>(nameof(SegmentRow.Channel));
        var isSpeech = new DataField<bool>(nameof(SegmentRow.IsSpeech));
        IEnumerable<string> labels = rows.SelectMany(row => row.Keys)
            .Where(key => key.StartsWith(ProbabilityPrefix, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        DataField[] numbers = [.. new[]
        {
            nameof(SegmentRow.StartSeconds), nameof(SegmentRow.EndSeconds), nameof(SegmentRow.SnrScore), nameof(SegmentRow.MixWeight),
            nameof(SegmentRow.Confidence), nameof(SegmentRow.Arousal), nameof(SegmentRow.Valence), nameof(SegmentRow.Dominance),
        }.Concat(labels).Select(name => new DataField<double?>(name))];

        var schema = new ParquetSchema([.. text.Select(column => column.Field), channel, isSpeech, .. numbers]);
        ParquetWriter writer = await ParquetWriter.CreateAsync(schema, file, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = writer.ConfigureAwait(false);
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        foreach ((DataField field, Func<TableEntity, string?> read) in text)
            await group.WriteAsync(field, [.. rows.Select(read)!]).ConfigureAwait(false);
        await group.WriteAsync<int>(channel, rows.Select(row => row.GetInt32(nameof(SegmentRow.Channel)) ?? 0).ToArray(), cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        await group.WriteAsync<bool>(isSpeech, rows.Select(row => row.GetBoolean(nameof(SegmentRow.IsSpeech)) ?? false).ToArray(), cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        foreach (DataField field in numbers)
        {
            await group.WriteAsync<double>(field, rows.Select(row => row.GetDouble(field.Name)).ToArray(), cancellationToken: cancellationToken)
                .ConfigureAwait(false);
        }
    }
}
