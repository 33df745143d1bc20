using CsCheck;
using NrSer.Core.Audio.Ffmpeg;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

public sealed class MpegFramesTests
{
    private static readonly byte[] Mp3Frame = [0xFF, 0xFB, 0x90, 0x44, .. new byte[413]]; // 144 · 128 000 / 44 100 = 417 bytes
    private static readonly byte[] Mpeg2Frame = [0xFF, 0xF3, 0x84, 0xC4, .. new byte[188]]; // 72 · 64 000 / 24 000 = 192 bytes
    private static readonly byte[] Layer2Frame = [0xFF, 0xFD, 0xA4, 0x00, .. new byte[572]]; // 144 · 192 000 / 48 000 = 576 bytes
    private static readonly byte[] AdtsFrame = [0xFF, 0xF1, 0x50, 0x40, 0x0C, 0x80, 0x00, .. new byte[93]]; // 100 bytes

    public static TheoryData<byte[], string> Frames => new()
    {
        { Mp3Frame, "mp3" }, { Mpeg2Frame, "mp3" }, { Layer2Frame, "mp3" }, { AdtsFrame, "aac" },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public void Find_StreamThatStartsWithinAFrame_GivesTheFirstWholeOne(byte[] frame, string name)
    {
        byte[] part = [1, .. frame.AsSpan(20)];
        byte[] stream = [.. part, .. frame, .. frame, .. frame, .. frame];
        Assert.Equal((part.Length, name), MpegFrames.Find(stream) is var (offset, format) ? (offset, format.Name) : default);
        Assert.Null(MpegFrames.Find(stream.AsSpan(..^1)));
    }

    [Fact]
    public void Find_RandomBytes_GivesNothing() => Gen.Byte.Array[4000].Sample(bytes => Assert.Null(MpegFrames.Find(bytes)), iter: 1000);
}
