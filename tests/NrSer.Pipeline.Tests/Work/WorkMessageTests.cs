using System.Diagnostics;
using System.Text;
using CsCheck;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Tests.Work;

public sealed class WorkMessageTests
{
    private static readonly RecordingId s_recording = RecordingId.Parse("20260309-0123456789abcdef");
    private static readonly ChunkId s_chunk = new(s_recording, 1, 23);

    [Fact]
    public void AsEnhanceChunk_OfEnhance_RestoresIt() =>
        Assert.Equal(new EnhanceChunkV1("20260309-0123456789abcdef", 4, 1, 23), WorkMessage.Enhance(s_chunk, 4).AsEnhanceChunk());

    [Fact]
    public void AsRecognizeEmotion_OfRecognize_RestoresIt() =>
        Assert.Equal(new RecognizeEmotionV1("20260309-0123456789abcdef", 4, 1, 23), WorkMessage.Recognize(s_chunk, 4).AsRecognizeEmotion());

    // Service Bus allows 128 characters, and duplicate detection goes by them.
    [Fact]
    public void MessageId_AnyStageGenerationAndChunk_IsShortAndItsOwn()
    {
        string[] ids = [.. from generation in new[] { 0, 1, int.MaxValue }
                           from chunk in new[] { s_chunk, s_chunk with { Index = 0 }, s_chunk with { Channel = int.MaxValue, Index = int.MaxValue } }
                           from message in new[] { WorkMessage.Enhance(chunk, generation), WorkMessage.Recognize(chunk, generation) }
                           select message.MessageId];
        Assert.Distinct(ids);
        Assert.All(ids, id => Assert.InRange(id.Length, 1, 128));
    }

    [Fact]
    public void Enhance_InASpan_CarriesItsContext()
    {
        using var activity = new Activity("test");
        activity.Start();
        Assert.Equal(activity.Id, WorkMessage.Enhance(s_chunk, 0).TraceParent);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\ud800")]
    [InlineData("""{"recordingId":null,"generation":0,"channel":0,"index":0}""")]
    [InlineData("""{"recordingId":"20260309-0123456789abcdef","channel":0,"index":0}""")]
    [InlineData("""{"recordingId":"20260309-0123456789abcdef","generation":0,"channel":0.5,"index":0}""")]
    [InlineData("""{"recordingId":"20260309-0123456789abcdef","generation":0,"channel":0,"index":99999999999}""")]
    public void AsEnhanceChunk_NoSuchMessage_Throws(string body) =>
        Assert.Throws<InvalidMessageException>(() => new WorkMessage("x", body, null).AsEnhanceChunk());

    [Fact]
    public void AsEnhanceChunk_RandomText_ThrowsNothingElse() => Gen.String.Sample(ThrowsNothingElse);

    [Fact]
    public void AsEnhanceChunk_RandomBytes_ThrowsNothingElse() => Gen.Byte.Array.Sample(bytes => ThrowsNothingElse(Encoding.UTF8.GetString(bytes)));

    [Fact]
    public void AsEnhanceChunk_DamagedMessage_ThrowsNothingElse() =>
        Gen.Select(Gen.Int[0, 90], Gen.Int[0, 20], Gen.String).Sample((at, length, inserted) =>
    {
        string body = WorkMessage.Enhance(s_chunk, 0).Body;
        at = Math.Min(at, body.Length);
        ThrowsNothingElse(body[..at] + inserted + body[Math.Min(body.Length, at + length)..]);
    });

    [Theory]
    [InlineData("nonsense", 0, 0)]
    [InlineData("", 0, 0)]
    [InlineData("20260309-0123456789abcdef", -1, 0)]
    [InlineData("20260309-0123456789abcdef", 0, -1)]
    public void ChunkOf_NoChunk_Throws(string recordingId, int channel, int index) =>
        Assert.Throws<InvalidMessageException>(() => WorkMessage.ChunkOf(recordingId, channel, index));

    [Fact]
    public void ChunkOf_Chunk_IsIt() => Assert.Equal(s_chunk, WorkMessage.ChunkOf(s_recording.Value, 1, 23));

    private static void ThrowsNothingElse(string body)
    {
        var message = new WorkMessage("x", body, null);
        foreach (Func<object> read in new Func<object>[] { message.AsEnhanceChunk, message.AsRecognizeEmotion })
        {
            try
            {
                Assert.NotNull(read());
            }
            catch (InvalidMessageException)
            {
                // As it should.
            }
        }
    }
}
