using CsCheck;
using NrSer.Pipeline.Chunks;

namespace NrSer.Pipeline.Tests.Chunks;

public sealed class ChunkIdTests
{
    private static readonly RecordingId s_recording = RecordingId.Parse("20260309-0123456789abcdef");

    [Fact]
    public void Key_IsChannelAndIndex() => Assert.Equal("01-00023", new ChunkId(s_recording, 1, 23).Key);

    [Fact]
    public void ToString_NamesTheRecordingToo() => Assert.Equal("20260309-0123456789abcdef/00-00000", new ChunkId(s_recording, 0, 0).ToString());

    [Fact]
    public void Key_TextOrder_IsOrderOfTime() =>
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, 99_999], Gen.Int[0, 7], Gen.Int[0, 99_999]).Sample((c1, i1, c2, i2) =>
        Assert.Equal(
            (c1, i1).CompareTo((c2, i2)),
            Math.Sign(string.CompareOrdinal(new ChunkId(s_recording, c1, i1).Key, new ChunkId(s_recording, c2, i2).Key))));

    [Fact]
    public void TryParse_OfAKey_IsTheChunk() => Gen.Select(Gen.Int[0, 99], Gen.Int[0, 99_999]).Sample((channel, index) =>
    {
        var chunk = new ChunkId(s_recording, channel, index);
        Assert.True(ChunkId.TryParse(s_recording, chunk.Key, out ChunkId parsed));
        Assert.Equal(chunk, parsed);
    });

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("00")]
    [InlineData("00-")]
    [InlineData("-00001")]
    [InlineData("00-0000x")]
    [InlineData("+1-00000")]
    public void TryParse_AnythingElse_IsRefused(string key) => Assert.False(ChunkId.TryParse(s_recording, key, out _));

    [Fact]
    public void Default_IsSafe() => Assert.Equal("/00-00000", default(ChunkId).ToString());
}
