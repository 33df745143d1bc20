namespace NrSer.Core.Audio.Channels;

/// <summary>Takes interleaved frames apart.</summary>
internal static class Deinterleave
{
    /// <summary>One channel of every frame.</summary>
    /// <param name="interleaved">Shape [frames, channels].</param>
    /// <param name="channels">Samples per frame.</param>
    /// <param name="channel">Which one, from 0.</param>
    /// <param name="samples">Receives it, shape [frames]; must not overlap.</param>
    public static void Pick(ReadOnlySpan<float> interleaved, int channels, int channel, Span<float> samples)
    {
        if (channels == 1)
        {
            interleaved.CopyTo(samples);
            return;
        }

        for (int frame = 0, at = channel; frame < samples.Length; frame++, at += channels)
            samples[frame] = interleaved[at];
    }
}
