using System.Runtime.CompilerServices;
using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Segmentation;

/// <summary>Cuts a recording into chunks while it is being decoded. Holds one chunk per channel.</summary>
/// <param name="speech">The recording, not read from before; stays the caller's.</param>
/// <param name="options">The longest chunk.</param>
public sealed class ChunkReader(SpeechReader speech, SegmentationOptions options)
{
    private const int BlockSamples = 16384; // about a second: large enough to make calls cheap

    /// <summary>Samples read so far from each channel, at 16 kHz; the recording's length once all chunks were read.</summary>
    public long SamplesRead { get; private set; }

    /// <summary>The chunks, once, in order of time within each channel.</summary>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="InvalidAudioException">The recording is damaged, or shorter than 0.5 s; chunks given out before are sound.</exception>
    public async IAsyncEnumerable<AudioChunk> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using MemoryOwner<float> block = MemoryOwner<float>.Allocate(speech.Channels * BlockSamples);
        var cutters = new ChunkCutter[speech.Channels];
        var starts = new long[speech.Channels];
        var indices = new int[speech.Channels];
        try
        {
            for (int channel = 0; channel < cutters.Length; channel++)
                cutters[channel] = new ChunkCutter(options);

            int read;
            do
            {
                // All channels hold equally much new audio, but each was cut elsewhere: read no more than fits all of them.
                int room = Math.Min(BlockSamples, cutters.Min(cutter => cutter.Room.Length));
                read = await speech.ReadAsync(block.Memory[..(speech.Channels * room)], cancellationToken).ConfigureAwait(false);
                SamplesRead += read;
                for (int channel = 0; channel < cutters.Length; channel++)
                {
                    ChunkCutter cutter = cutters[channel];
                    block.Span.Slice(channel * room, read).CopyTo(cutter.Room.Span);
                    cutter.Append(read);
                    while (cutter.IsFull || (read == 0 && cutter.Filled > 0))
                    {
                        if (SamplesRead < SegmentGrid.ShortestSamples)
                            break;
                        ReadOnlyMemory<float> chunk = cutter.Peek();
                        yield return new AudioChunk(channel, indices[channel]++, starts[channel], chunk);
                        starts[channel] += chunk.Length;
                        cutter.Drop(chunk.Length);
                    }
                }
            }
            while (read > 0);
        }
        finally
        {
            foreach (ChunkCutter? cutter in cutters)
                cutter?.Dispose();
        }

        if (SamplesRead < SegmentGrid.ShortestSamples)
        {
            // Rounded down: what misses the limit must not look like it.
            double seconds = Math.Floor(1000.0 * SamplesRead / SegmentGrid.SampleRateHz) / 1000;
            throw new InvalidAudioException($"The recording lasts {seconds:0.00#} s; at least 0.5 s is needed to hear a voice.");
        }
    }
}
