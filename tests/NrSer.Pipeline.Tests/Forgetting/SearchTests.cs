using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Testing;
using Parquet;
using Parquet.Schema;
using ZstdSharp;

namespace NrSer.Pipeline.Tests.Forgetting;

/// <summary>What looks for forgotten names finds them wherever they are.</summary>
public sealed class SearchTests(StorageEmulator emulator)
{
    private const string Name = "an interview with Jürgen.wav";

    // Enough of other words that whoever compresses them has codes for letters.
    private static readonly string[] s_words = [.. Enumerable.Range(0, 500).Select(number => $"{number * 7919 % 1009}, read twice"), $"m of {Name}"];

    private static readonly byte[] s_text = Encoding.UTF8.GetBytes(string.Join(' ', s_words));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Tables => [.. StorageNames.Tables];

    public static TheoryData<string> Queues => [.. StorageNames.StorageQueues];

    public static TheoryData<string> Containers => [.. StorageNames.Containers, StorageNames.LostEvents];

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task FindAsync_NameInARow_FindsIt(string table)
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var row = new TableEntity("20260309", "20260309-0123456789abcdef") { ["Status"] = "Forgotten", ["Note"] = Name }; // no tombstone has more
        await account.Tables.Table(table).AddEntityAsync(row, Stop);
        Assert.StartsWith($"{table}: ", Assert.Single(await Search.FindAsync(account, Name)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Containers))]
    public async Task FindAsync_NameOfOrInABlob_FindsIt(string container)
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        BlobContainerClient blobs = account.Blobs.Container(container);
        await blobs.CreateIfNotExistsAsync(cancellationToken: Stop);
        await blobs.GetBlobClient($"a/{Name}/b").UploadAsync(BinaryData.Empty, Stop);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["name"] = Uri.EscapeDataString(Name) };
        await blobs.GetBlobClient("metadata").UploadAsync(BinaryData.Empty, new BlobUploadOptions { Metadata = metadata }, Stop);
        foreach ((string blob, byte[] content) in new[]
        {
            ("text", s_text), ("json", JsonSerializer.SerializeToUtf8Bytes(Name)),
            ("gzip", Packed(stream => new GZipStream(stream, CompressionMode.Compress))),
            ("zstd", Packed(stream => new CompressionStream(stream))), ("parquet", await ParquetAsync()), ("nothing", [1, 2, 3]),
        })
        {
            await blobs.GetBlobClient(blob).UploadAsync(BinaryData.FromBytes(content), Stop);
            Assert.True(blob == "text" == content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Name)) >= 0, blob); // the others hide it
        }

        BlobClient replaced = blobs.GetBlobClient("snapshot");
        await replaced.UploadAsync(BinaryData.FromBytes(s_text), Stop);
        string snapshot = (await replaced.CreateSnapshotAsync(cancellationToken: Stop)).Value.Snapshot;
        await replaced.UploadAsync(BinaryData.FromString("something else"), overwrite: true, Stop);

        string[] expected = [$"a/{Name}/b", "gzip", "json", "metadata", "parquet", $"snapshot {snapshot}", "text", "zstd"];
        Assert.Equal(
            expected.Select(blob => $"{container}: {blob}"),
            (await Search.FindAsync(account, Name)).Select(found => found.Trim()).Order(StringComparer.Ordinal));
    }

    // Whoever looks at a queue is shown 32 messages.
    [Theory]
    [MemberData(nameof(Queues))]
    public async Task FindAsync_NameBehindMessagesOfOthers_FindsItAndLeavesAllThere(string name)
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        QueueClient queue = account.Queue(name);
        await Task.WhenAll(Enumerable.Range(0, 70).Select(number => queue.SendMessageAsync($"of others, {number}", Stop)));
        await queue.SendMessageAsync(JsonSerializer.Serialize(new { body = JsonSerializer.Serialize(new { subject = $"/blobs/{Name}" }) }), Stop);
        for (int look = 0; look < 2; look++)
            Assert.StartsWith($"{name}: ", Assert.Single(await Search.FindAsync(account, Name)), StringComparison.Ordinal);
        Assert.Equal(71, (await Search.MessagesAsync(queue)).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task FindAsync_RecordingInTheLake_FindsItThere()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        Recording recording = GeneratedResults.Recording(0, new DateOnly(2026, 3, 9), 3) with { BlobName = Name };
        await GeneratedResults.StoreAsync(pipeline.Account, recording, Stop);
        await pipeline.Get<LakeCompactor>().CompactAsync(Stop);
        Assert.Contains($"lake: {recording.Id}", await Search.FindAsync(pipeline.Account, recording.Id.Value));
        Assert.Contains(await Search.FindAsync(pipeline.Account, Name), found => found.StartsWith("results: lake/", StringComparison.Ordinal));
    }

    private static byte[] Packed(Func<Stream, Stream> pack)
    {
        using var packed = new MemoryStream();
        using (Stream packing = pack(packed))
            packing.Write(s_text);
        return packed.ToArray();
    }

    private static async Task<byte[]> ParquetAsync()
    {
        using var file = new MemoryStream();
        var column = new DataField<string>("name");
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.Zstd };
        await using (ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(column), file, options, cancellationToken: Stop))
        {
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            await group.WriteAsync(column, [.. s_words, "z"]); // least and greatest stand beside the column, as they are
        }

        return file.ToArray();
    }
}
