using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

public sealed class AmrPackingTests
{
    [Fact]
    public void ThrowIfSeveral_BoxAnywhereInBlocksOfAnyLength_IsFound()
    {
        byte[] file = [.. new byte[50], 0, 0, 0, 17, .. "damr"u8, 1, 2, 3, 4, 0, 0, 0x80, 0, 5, .. new byte[50]];
        for (int blockBytes = 16; blockBytes <= file.Length; blockBytes++)
        {
            AmrPacking packing = new();
            foreach (byte[] block in file.Chunk(blockBytes))
                packing.Append(block);
            Assert.Contains("5 frames", Assert.Throws<InvalidAudioException>(packing.ThrowIfSeveral).Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ThrowIfSeveral_OneFrameASample_IsFine()
    {
        AmrPacking packing = new();
        packing.Append([0, 0, 0, 17, .. "damr"u8, 1, 2, 3, 4, 0, 0, 0x80, 0, 1]);
        packing.ThrowIfSeveral();
    }
}
