using CsCheck;
using NrSer.Core.Segmentation;
using NrSer.Core.Tests.Signal;

namespace NrSer.Core.Tests.Segmentation;

public sealed class ChunkCutterTests
{
    private const int Second = SegmentGrid.SampleRateHz;

    private static readonly SegmentationOptions TenSeconds = new() { MaxChunk = TimeSpan.FromSeconds(10) };

    [Fact]
    public void Peek_AnySplitOfTheInput_ChunksAddUpToItAndAreCutAlike() =>
        Gen.Select(Gen.Int[0, 40 * Second], Gen.Int[1, 30_000].Array[1, 10], Gen.Int[0, 100]).Sample((length, appends, seed) =>
        {
            float[] input = StftTests.Noise(length, seed);
            List<float[]> chunks = Cut(input, appends);
            Assert.True(input.AsSpan().SequenceEqual(chunks.SelectMany(chunk => chunk).ToArray()));
            Assert.Equal(Cut(input, [int.MaxValue]).Select(chunk => chunk.Length), chunks.Select(chunk => chunk.Length));
            foreach (float[] chunk in chunks.SkipLast(1))
            {
                Assert.Equal(0, chunk.Length % SegmentGrid.StepSamples);
                Assert.InRange(chunk.Length, 7 * Second, 8 * Second); // from 0.7 of the longest to where 2 s stay behind
            }

            if (chunks.Count > 1)
                Assert.InRange(chunks[^1].Length, 2 * Second, (10 * Second) - 1);
        }, iter: 20);

    [Fact]
    public void Peek_QuietPlace_IsWhereItCuts()
    {
        float[] input = StftTests.Noise(10 * Second, 1);
        input.AsSpan((7 * Second) + 8000 - 2000, 4000).Clear();
        Assert.Equal([(7 * Second) + 8000, (2 * Second) + 8000], Cut(input, [int.MaxValue]).Select(chunk => chunk.Length));
    }

    [Fact]
    public void Peek_PauseTooEarlyOrTooLate_IsNotUsed()
    {
        float[] input = StftTests.Noise(10 * Second, 1);
        input.AsSpan(3 * Second, 8000).Clear();
        input.AsSpan((9 * Second) - 4000, 8000).Clear();
        Assert.InRange(Cut(input, [int.MaxValue])[0].Length, 7 * Second, 8 * Second);
    }

    [Fact]
    public void Peek_NothingButSilence_CutsAtTheFirstPossiblePlace() =>
        Assert.Equal([7 * Second, 3 * Second], Cut(new float[10 * Second], [int.MaxValue]).Select(chunk => chunk.Length));

    [Theory]
    [InlineData(10_000, 160_000)]
    [InlineData(10_400, 164_000)]
    [InlineData(300_000, 4_800_000)]
    public void Room_AtFirst_IsTheLongestChunkOnTheGrid(int maxMilliseconds, int samples)
    {
        using var cutter = new ChunkCutter(new SegmentationOptions { MaxChunk = TimeSpan.FromMilliseconds(maxMilliseconds) });
        Assert.Equal(samples, cutter.Room.Length);
        cutter.Append(samples);
        Assert.True(cutter.IsFull);
        Assert.True(cutter.Room.IsEmpty); // memory is bounded: more does not fit
        Assert.Throws<ArgumentOutOfRangeException>(() => cutter.Append(1));
    }

    [Fact]
    public void AppendAndDrop_ImpossibleCounts_Throw()
    {
        using var cutter = new ChunkCutter(TenSeconds);
        Assert.Throws<ArgumentOutOfRangeException>(() => cutter.Append(-1));
        cutter.Append(100);
        Assert.Equal(100, cutter.Peek().Length);
        Assert.ThrowsAny<ArgumentException>(() => cutter.Drop(101));
        Assert.ThrowsAny<ArgumentException>(() => cutter.Drop(-1));
        Assert.Equal(100, cutter.Filled);
    }

    private static List<float[]> Cut(float[] input, int[] appends)
    {
        using var cutter = new ChunkCutter(TenSeconds);
        var chunks = new List<float[]>();
        for (int at = 0, turn = 0; at < input.Length; turn++)
        {
            int count = Math.Min(Math.Min(appends[turn % appends.Length], cutter.Room.Length), input.Length - at);
            input.AsMemory(at, count).CopyTo(cutter.Room);
            cutter.Append(count);
            at += count;
            if (cutter.IsFull)
                Take();
        }

        while (cutter.Filled > 0)
            Take();
        return chunks;

        void Take()
        {
            chunks.Add(cutter.Peek().ToArray());
            cutter.Drop(chunks[^1].Length);
        }
    }
}
