using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Testing;
using Parquet.Schema;

namespace NrSer.Pipeline.Tests.Results;

/// <summary>Every form of a segment is made from one list; these hold the list against the record, and each form against its approved copy.</summary>
public sealed class FormsTests
{
    private static readonly Recording s_recording = new()
    {
        Id = SegmentParquetTests.Spoken.RecordingId, BlobName = "2026/an \"interview\", part 1.wav", Status = RecordingStatus.Completed,
        UploadedAt = new DateTimeOffset(2026, 3, 9, 12, 30, 0, TimeSpan.Zero), DurationSeconds = 4.25, Sha256 = "00ff", ContentBytes = 136_044,
        ChannelMode = Core.Audio.ChannelMode.Separate, SegmentCount = 2, SpeechSegmentCount = 1, SpeechSeconds = 2.25, MeanSnrScore = 0.875,
        MeanTrust = 0.625,
        DominantEmotion = "happy", Reason = "", ExpectedChunks = 1, Channels = 2, SampleRateHz = 16000, Encoding = "wav pcm16",
        ChannelsHeard = "channel 0", PeakDbfs = -1.25, ClippedShare = 0.002, BandwidthHz = 3437.5, MissingSeconds = 0.75, Warnings = "It is cut off.",
        Tags = "interview, radio",
    };

    [Fact]
    public void Columns_NameEveryPropertyOnce()
    {
        Assert.Equal(Named(typeof(Recording), "Id", "RecordingId"), RecordingColumns.All.Select(column => column.Name).Order(StringComparer.Ordinal));
        string[] segment = [.. SegmentColumns.All.Select(column => column.Name)
            .Where(name => !name.StartsWith(SegmentColumns.ProbabilityPrefix, StringComparison.Ordinal))];
        Assert.Equal(Named(typeof(Segment), "Probabilities", null), segment.Order(StringComparer.Ordinal));

        static string[] Named(Type type, string except, string? instead) => [.. type.GetProperties()
            .Select(property => property.Name).Where(name => name is not ("ChangedAt" or "Version"))
            .Select(name => name == except ? instead : name).OfType<string>().Order(StringComparer.Ordinal)];
    }

    // What a column reads, it writes: through the table's own types, which know no float and no enumeration.
    [Fact]
    public void Table_RowThere_AndBack_IsTheSame()
    {
        TableEntity recording = TableRows.ToEntity(RecordingColumns.All, s_recording, "p", "k");
        Assert.Equal(s_recording, TableRows.FromEntity(RecordingColumns.All, recording, new Recording { Id = s_recording.Id }));
        foreach (Segment segment in new[] { SegmentParquetTests.Spoken, SegmentParquetTests.Silent })
        {
            Segment back = TableRows.FromEntity(
                SegmentColumns.All, TableRows.ToEntity(SegmentColumns.All, segment, "p", "k"), new Segment { RecordingId = segment.RecordingId });
            Assert.All(SegmentColumns.All, column => Assert.Equal(column.ValueOf(segment), column.ValueOf(back)));
        }
    }

    // Version 0.1 wrote no trust, and a column for whatever a model called its labels.
    [Fact]
    public void Table_RowOfAnEarlierVersion_IsRead()
    {
        var old = new TableEntity("p", "k")
        {
            ["StartSeconds"] = 2.0, ["IsSpeech"] = true, ["Emotion"] = "joy", ["Confidence"] = 0.75,
            ["Probability_joy"] = 0.75
        };
        Segment read = TableRows.FromEntity(SegmentColumns.All, old, new Segment());
        Assert.Equal((2.0, true, "joy", 0.75f, null, null),
            (read.StartSeconds, read.IsSpeech, read.Emotion, read.Confidence, read.Trust, read.IsReportable));
        Assert.All(Enumerable.Range(0, 9), emotion => Assert.Null(read.ProbabilityOf(emotion)));
    }

    [Fact]
    public void TableRows_AreAsApproved()
    {
        var text = new StringBuilder();
        foreach (Stage stage in new[] { Stage.Enhance, Stage.Recognize, Stage.Complete })
            Append($"segments, {stage}", TableRows.ToEntity(SegmentColumns.All, SegmentParquetTests.Spoken, "20260309-0123456789abcdef",
                SegmentParquetTests.Spoken.Key, stage));
        Append("recordings", TableRows.ToEntity(RecordingColumns.All, s_recording, s_recording.Id.Day, s_recording.Id.Value));
        Approved.Equal(text.ToString(), "tables.txt");

        void Append(string title, TableEntity entity)
        {
            text.Append(title).Append('\n');
            foreach ((string name, object value) in entity)
                text.Append($"  {name}: {value.GetType().Name} {(value is DateTimeOffset time ? $"{time:O}" : value)}\n");
        }
    }

    [Fact]
    public void ParquetSchema_IsAsApproved() => Approved.Equal(
        string.Concat(SegmentParquet.Schema.Fields.Cast<DataField>().Select(field =>
            $"{field.Name}: {(field.ClrType == typeof(ReadOnlyMemory<char>) ? "String" : field.ClrType.Name)}{(field.IsNullable ? "?" : "")}\n")),
        "segments.parquet.txt");

    [Fact]
    public void Csv_IsAsApproved() => Approved.Equal(
        SegmentExport.CsvHeader + SegmentExport.CsvLine(s_recording, SegmentParquetTests.Spoken)
            + SegmentExport.CsvLine(s_recording, SegmentParquetTests.Silent),
        "segments.csv");

    [Fact]
    public void JsonLines_AreAsApproved()
    {
        var lines = new StringBuilder();
        foreach (Segment segment in new[] { SegmentParquetTests.Spoken, SegmentParquetTests.Silent })
        {
            using var buffer = new MemoryStream();
            using (var json = new Utf8JsonWriter(buffer))
                SegmentExport.WriteJson(json, s_recording, segment);
            lines.Append(Encoding.UTF8.GetString(buffer.ToArray())).Append('\n');
        }

        Approved.Equal(lines.ToString(), "segments.jsonl");
    }

    [Fact]
    public void Documentation_IsMadeFromTheColumns() => Approved.Equal(ResultsDocument.Text, "results.md");
}
