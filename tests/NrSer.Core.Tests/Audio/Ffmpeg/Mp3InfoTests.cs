using CsCheck;
using NrSer.Core.Audio.Ffmpeg;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

public sealed class Mp3InfoTests
{
    private static readonly byte[] Header = [0xFF, 0xFB, 0x90, 0x44]; // MPEG-1, layer III, 44.1 kHz: frames of 1152 samples

    [Fact]
    public void Find_Lame_LeavesOutDelayAndFilling()
    {
        byte[] info = [.. "Info"u8, 0, 0, 0, 15, 0, 0, 0, 116, 0, 0, 0x60, 1, .. new byte[104], .. "LAME3.100"u8, .. new byte[12], 0x24, 0x02, 0xF4];
        Mp3Info found = Mp3Info.Find([.. Header, .. new byte[17], .. info, .. new byte[300]])!.Value;
        Assert.Equal((116u, 0x6001u, 576 + 756, 132_300L), (found.Frames!.Value, found.Bytes!.Value, found.PaddingSamples, found.Samples!.Value));
    }

    [Fact]
    public void Find_Fraunhofer_HasFramesAndBytes()
    {
        byte[] vbri = [.. "VBRI"u8, 0, 1, 4, 0x31, 0, 75, 0, 0, 0x12, 0x34, 0, 0, 0, 10];
        Mp3Info found = Mp3Info.Find([.. Header, .. new byte[32], .. vbri, .. new byte[300]])!.Value;
        Assert.Equal((0x1234u, 10u, 11_520L), (found.Bytes!.Value, found.Frames!.Value, found.Samples!.Value));
    }

    [Fact]
    public void Find_AnyBytes_FindsOrNot() => Gen.Byte.Array[0, 400].Sample(bytes =>
    {
        Mp3Info? found = Mp3Info.Find([.. Header, .. "Xing"u8, .. bytes]);
        Assert.True(found is null || found.Value.Samples is null or > 0);
    });
}
