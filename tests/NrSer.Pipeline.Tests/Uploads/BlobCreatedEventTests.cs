using System.Text;
using System.Text.Json;
using CsCheck;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Tests.Uploads;

public sealed class BlobCreatedEventTests
{
    // From the Event Grid documentation, shortened to the fields a subscription always carries.
    private const string EventGrid = """
        {
          "topic": "/subscriptions/0/resourceGroups/Storage/providers/Microsoft.Storage/storageAccounts/my-storage-account",
          "subject": "/blobServices/default/containers/recordings/blobs/2026/interview 1.wav",
          "eventType": "Microsoft.Storage.BlobCreated",
          "eventTime": "2026-06-26T18:41:00.9584103Z",
          "id": "831e1650-001e-001b-66ab-eeb76e069631",
          "data": {
            "api": "PutBlockList", "eTag": "0x8D4BCC2E4835CD0", "contentType": "audio/wav", "contentLength": 524288, "blobType": "BlockBlob",
            "url": "https://my-storage-account.blob.core.windows.net/recordings/2026/interview%201.wav"
          },
          "dataVersion": "", "metadataVersion": "1"
        }
        """;

    private const string CloudEvent = """
        {
          "source": "/subscriptions/0/resourceGroups/Storage/providers/Microsoft.Storage/storageAccounts/my-storage-account",
          "subject": "/blobServices/default/containers/recordings/blobs/2026/interview 1.wav",
          "type": "Microsoft.Storage.BlobCreated", "time": "2026-06-26T18:41:00.9584103Z", "id": "831e1650-001e-001b-66ab-eeb76e069631",
          "data": { "api": "PutBlockList", "eTag": "\"0x8D4BCC2E4835CD0\"", "url": "https://x/recordings/2026/interview%201.wav" },
          "specversion": "1.0"
        }
        """;

    private static readonly string[] s_poison = ["", "{", "]", "null", "1e9", "\"", "\\u", ",", "0,"];

    private static readonly RecordingId s_id = RecordingId.Parse("20260309-0123456789abcdef");

    [Theory]
    [InlineData(EventGrid)]
    [InlineData("[" + EventGrid + "]")]
    [InlineData(CloudEvent)]
    [InlineData("[" + CloudEvent + "]")]
    public void Parse_Upload_ReadsIt(string json) =>
        Assert.Equal(new BlobCreatedEvent("recordings", "2026/interview 1.wav", "0x8D4BCC2E4835CD0", 0), BlobCreatedEvent.Parse(json));

    [Theory]
    [InlineData("Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted")]
    [InlineData("containers/recordings", "containers/chunks")] // our own output would feed itself
    [InlineData("containers/recordings/blobs/2026/interview 1.wav", "containers/recordings/blobs/")]
    [InlineData("containers/recordings/blobs/2026/interview 1.wav", "containers/recordings")]
    [InlineData("/blobServices/default", "/fileServices/default")]
    [InlineData("\"eTag\": \"0x8D4BCC2E4835CD0\"", "\"eTag\": \"\"")]
    [InlineData("\"eTag\": \"0x8D4BCC2E4835CD0\"", "\"eTag\": null")]
    [InlineData("\"eTag\": \"0x8D4BCC2E4835CD0\"", "\"eTag\": 1")]
    [InlineData("\"eTag\": \"0x8D4BCC2E4835CD0\"", "\"eTag\": \"a\\nb\"")]
    [InlineData("\"eTag\"", "\"etag\"")]
    [InlineData("\"subject\"", "\"Subject\"")]
    [InlineData("\"topic\"", "\"nrsergeneration\": -1, \"topic\"")]
    [InlineData("\"topic\"", "\"nrsergeneration\": 1.5, \"topic\"")]
    [InlineData("\"topic\"", "\"nrsergeneration\": \"1\", \"topic\"")]
    [InlineData("\"topic\"", "\"nrsergeneration\": 99999999999, \"topic\"")]
    public void Parse_SomethingElse_Throws(string part, string replacement)
    {
        Assert.Contains(part, EventGrid, StringComparison.Ordinal);
        Assert.Throws<InvalidMessageException>(() => BlobCreatedEvent.Parse(EventGrid.Replace(part, replacement, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("\ud800")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"type\":\"\\ud800\"}")]
    [InlineData("[" + EventGrid + "," + EventGrid + "]")]
    public void Parse_NoEvent_Throws(string json) => Assert.Throws<InvalidMessageException>(() => BlobCreatedEvent.Parse(json));

    [Fact]
    public void Parse_RandomText_ThrowsNothingElse() => Gen.String.Sample(ThrowsNothingElse);

    [Fact]
    public void Parse_RandomBytes_ThrowsNothingElse() => Gen.Byte.Array.Sample(bytes => ThrowsNothingElse(Encoding.UTF8.GetString(bytes)));

    [Fact]
    public void Parse_DamagedEvent_ThrowsNothingElse() =>
        Gen.Select(Gen.Bool, Gen.Int[0, 900], Gen.Int[0, 40], Gen.OneOf(Gen.Int[0, s_poison.Length - 1].Select(which => s_poison[which]), Gen.String))
            .Sample((cloud, at, length, inserted) =>
            {
                string json = cloud ? CloudEvent : EventGrid;
                at = Math.Min(at, json.Length);
                ThrowsNothingElse(json[..at] + inserted + json[Math.Min(json.Length, at + length)..]);
            });

    [Theory]
    [InlineData("a.wav")]
    [InlineData("2026/03/interview with Zoë – part 1.wav")]
    [InlineData("100%.wav")]
    [InlineData("a%20b.wav")]
    [InlineData("a+b&c?d#e\"f'g\\h.wav")]
    [InlineData("blobs/blobs/x")]
    [InlineData("日本語/🎙.flac")]
    public void Parse_OfItsMessage_RestoresIt(string blobName)
    {
        var upload = new BlobCreatedEvent("recordings", blobName, "0x8D4BCC2E4835CD0", 3);
        Assert.Equal(upload, BlobCreatedEvent.Parse(upload.ToMessage(s_id).Body));
    }

    [Fact]
    public void ToMessage_SameEvent_IsTheSameMessage() =>
        Assert.Equal(new BlobCreatedEvent("recordings", "a", "1", 1).ToMessage(s_id),
            new BlobCreatedEvent("recordings", "a", "1", 1).ToMessage(s_id));

    [Fact]
    public void ToMessage_AnyGeneration_HasItsOwnShortId()
    {
        string[] ids = [.. new[] { 0, 1, int.MaxValue }.Select(
            generation => new BlobCreatedEvent("recordings", new string('x', 1024), "1", generation).ToMessage(s_id).MessageId)];
        Assert.Distinct(ids);
        Assert.All(ids, id => Assert.InRange(id.Length, 1, 128));
    }

    [Fact]
    public void ToMessage_IsACloudEvent()
    {
        using JsonDocument json = JsonDocument.Parse(new BlobCreatedEvent("recordings", "a", "1", 2).ToMessage(s_id).Body);
        // required
        Assert.All(["id", "source", "specversion", "type"], name => Assert.Equal(JsonValueKind.String, json.RootElement.GetProperty(name).ValueKind));
        Assert.All(json.RootElement.EnumerateObject(), attribute => Assert.Matches("^[a-z0-9]+$", attribute.Name)); // the standard's alphabet
    }

    private static void ThrowsNothingElse(string json)
    {
        try
        {
            BlobCreatedEvent upload = BlobCreatedEvent.Parse(json);
            Assert.True(upload is { Container: "recordings", BlobName.Length: > 0, ETag.Length: > 0, Generation: >= 0 });
        }
        catch (InvalidMessageException)
        {
            // As it should.
        }
    }
}
