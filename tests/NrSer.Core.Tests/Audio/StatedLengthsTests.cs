using System.Buffers.Binary;
using NrSer.Core.Audio.Input;
using NrSer.Testing;

namespace NrSer.Core.Tests.Audio;

/// <summary>
/// By hand, over recordings of one's own: each FLAC and each Ogg below <c>NRSER_RECORDINGS</c> (of so many the first, as
/// <c>NRSER_RECORDINGS_EVERY</c> says) is as long as its header or its last page states, to the millisecond.
/// </summary>
public sealed class StatedLengthsTests(ITestOutputHelper output)
{
    [Fact(Explicit = true)]
    public async Task EveryRecording_IsAsLongAsItStates()
    {
        string[] paths = Recordings.OfFolder(extension => extension is ".flac" or ".ogg" or ".opus");
        List<string> wrong = [];
        foreach (string path in paths)
        {
            byte[] file = await File.ReadAllBytesAsync(path, Reading.Token);
            (AudioFormat format, float[] samples) = await Reading.DecodeAsync(file);
            double seconds = samples.Length / (double)format.Channels / format.SampleRateHz;
            double stated = Path.GetExtension(path) == ".flac" ? OfFlac(file) : OfOgg(file, format.SampleRateHz);
            if (Math.Abs(seconds - stated) > 0.001)
                wrong.Add($"{path}: {seconds:F4} s, stated {stated:F4} s");
        }

        output.WriteLine($"{paths.Length - wrong.Count} of {paths.Length} are as long as they state");
        Assert.NotEmpty(paths);
        Assert.Empty(wrong);
    }

    // RFC 9639, STREAMINFO: behind 10 bytes of sizes a rate of 20 bits, channels and bits of 8, samples of 36.
    private static double OfFlac(byte[] file)
    {
        ulong packed = BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan(8 + 10));
        return (packed & ((1UL << 36) - 1)) / (double)(packed >> 44);
    }

    // RFC 3533: the position of the last page, in samples; RFC 7845: of Opus at 48 kHz, less what its head says is to be left out.
    private static double OfOgg(byte[] file, int sampleRateHz)
    {
        int page = file.AsSpan().LastIndexOf("OggS"u8), opus = file.AsSpan(0, Math.Min(file.Length, 128)).IndexOf("OpusHead"u8);
        long position = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(page + 6));
        return opus < 0 ? position / (double)sampleRateHz : (position - BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(opus + 10))) / 48_000.0;
    }
}
