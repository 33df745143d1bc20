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
                Assert.Equal(block.Length, walker.Walk(block, block));
            Assert.Equal(length is not (0 or 31) && length != Pages.Length, walker.IsWithinPage);
        });

    [Fact]
    public void Walk_ChainInBlocksOfAnyLength_StopsWhereEachLinkBegins()
    {
        byte[] first = [.. "OggS"u8, 0, 2, .. new byte[20], 1, 3, 7, 7, 7];
        byte[] next = [.. "OggS"u8, 0, 0, .. new byte[20], 1, 3, 7, 7, 7];
        byte[] link = [.. first, .. first, .. next, .. next];
        byte[] chain = [.. link, .. link, .. link];
        for (int blockBytes = 1; blockBytes <= chain.Length; blockBytes++)
        {
            OggPageWalker walker = new();
            int at = 0;
            List<int> links = [];
            while (at < chain.Length)
            {
                int end = Math.Min(at + blockBytes, chain.Length);
                int walked = walker.Walk(chain.AsSpan(at..end), chain.AsSpan(at..Math.Min(end + OggPageWalker.MarkBytes, chain.Length)));
                at += walked;
                if (at == end)
                    continue;
                links.Add(at);
                walker = new(); // as each link has one of its own
            }

            Assert.Equal([link.Length, 2 * link.Length], links);
        }
    }

    [Fact]
    public void IsWithinPage_TagBehindTheLastPage_IsFalse()
    {
        OggPageWalker walker = new();
        walker.Walk(Pages, Pages);
        walker.Walk("TAG"u8, "TAG"u8);
        Assert.False(walker.IsWithinPage);
        walker.Walk(new byte[125], new byte[125]);
        Assert.False(walker.IsWithinPage);
    }
}
