using CsCheck;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Tests.Audio.Wav;

public sealed class WavReaderFuzzTests
{
    // A reader has one block; exceptions and tasks come on top. No length in a file may add to this.
    private const long MaxAllocatedBytes = BufferedInput.CapacityBytes + 100_000;

    private static readonly byte[] Sound = WavBytes.Riff(
        WavBytes.Chunk("junk", 1, 2, 3), WavBytes.ExtensibleFormat(WavBytes.IeeeFloat, 2, 16_000, 32, 32), WavBytes.Chunk("data", new byte[160]));

    [Fact]
    public Task Read_RandomBytes_RefusesWithoutAllocating() => Gen.Byte.Array[0, 300].SampleAsync(AssertReadOrRefused, iter: 2000);

    [Fact]
    public Task Read_RandomBytesBehindASignature_RefusesWithoutAllocating() =>
        Gen.Byte.Array[0, 300].SampleAsync(bytes => AssertReadOrRefused([.. "RIFF\0\0\0\0WAVEfmt "u8, .. bytes]), iter: 2000);

    [Fact]
    public Task Read_MutatedFile_IsReadOrRefusedWithoutAllocating() =>
        Gen.Select(Gen.Int[0, Sound.Length - 1], Gen.Byte).Array[1, 6].SampleAsync(
            mutations =>
            {
                byte[] file = [.. Sound];
                foreach ((int at, byte value) in mutations)
                    file[at] = value;
                return AssertReadOrRefused(file);
            },
            iter: 5000);

    // Both streams answer at once, so everything happens on this thread and its allocations can be counted.
    private static async Task AssertReadOrRefused(byte[] file)
    {
        await Read(new MemoryStream(file));
        await Read(new ForwardStream(file));
    }

    private static async Task Read(Stream content)
    {
        float[] room = new float[1024];
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            await using WavReader reader = await WavReader.OpenAsync(content, new(), CancellationToken.None);
            while (await reader.ReadAsync(room, CancellationToken.None) > 0)
            {
                // Whatever it is, it ends.
            }
        }
        catch (InvalidAudioException exception)
        {
            Assert.NotNull(exception.ByteOffset);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocatedBytes);
    }
}
