using CsCheck;
using NrSer.Core.Audio.Ffmpeg;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

public sealed class VocBlockWalkerTests
{
    private static readonly byte[] File =
        [.. "Creative Voice File\u001a"u8, 26, 0, 0x0A, 0x01, 0x29, 0x11, 1, 4, 0, 0, 0xA5, 0, 7, 7, 2, 3, 0, 0, 8, 8, 8, 0];

    [Fact]
    public void IsWithinBlock_CutAnywhere_IsTrueButBetweenBlocks() =>
        Gen.Select(Gen.Int[1, File.Length], Gen.Int[1, 9]).Sample((bytes, step) =>
        {
            VocBlockWalker walker = new();
            foreach (byte[] block in File[..bytes].Chunk(step))
                walker.Append(block);
            Assert.Equal(bytes is not (26 or 34 or 41 or 42), walker.IsWithinBlock);
        });

    [Fact]
    public void IsWithinBlock_BehindTheEnd_IsFalse()
    {
        VocBlockWalker walker = new();
        walker.Append([.. File, 1, 2, 3, 4, 5]);
        Assert.False(walker.IsWithinBlock);
    }
}
