using CsCheck;
using NrSer.Core.Audio.Ffmpeg;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

public sealed class OggPageWalkerTests
{
    // Two pages: one segment of 3 bytes, and two segments of 255 and 1 bytes.
    private static readonly byte[] Pages =
        [.. "OggS"u8, .. new byte[22], 1, 3, 7, 7, 7, .. "OggS"u8, .. new byte[22], 2, 255, 1, .. new byte[256]];

    [Fact]
    public void IsWithinPage_CutAtEveryByteInAnyBlocks_IsFalseBetweenPagesOnly() =>
        Gen.Select(Gen.Int[0, Pages.Length], Gen.Int[1, 40]).Sample((length, blockBytes) =>
        {
            OggPageWalker walker = new();
            foreach (byte[] block in Pages[..length].Chunk(blockBytes))
                walker.Append(block);
            Assert.Equal(length is not (0 or 31) && length != Pages.Length, walker.IsWithinPage);
        });

    [Fact]
    public void LinkOffset_OfOneRecording_IsNull_OfSeveral_IsWhereTheLastStarts()
    {
        byte[] first = [.. "OggS"u8, 0, 2, .. new byte[20], 1, 3, 7, 7, 7];
        byte[] next = [.. "OggS"u8, 0, 0, .. new byte[20], 1, 3, 7, 7, 7];
        byte[] multiplexed = [.. first, .. first, .. next, .. next];
        OggPageWalker walker = new();
        walker.Append(multiplexed);
        Assert.Null(walker.LinkOffset);
        walker.Append(multiplexed);
        Assert.Equal(multiplexed.Length, walker.LinkOffset);
    }

    [Fact]
    public void IsWithinPage_TagBehindTheLastPage_IsFalse()
    {
        OggPageWalker walker = new();
        walker.Append(Pages);
        walker.Append("TAG"u8);
        Assert.False(walker.IsWithinPage);
        walker.Append(new byte[125]);
        Assert.False(walker.IsWithinPage);
    }
}
