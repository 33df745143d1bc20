using System.Numerics.Tensors;
using NrSer.Core.Signal;

namespace NrSer.Evaluation.Metrics;

/// <summary>Noisy speech made of clean speech and noise. Levels are measured where something sounds: clips hold digital silence, speech holds
/// pauses.</summary>
public static class NoiseMixing
{
    private const int FrameSamples = 320; // 20 ms
    private const double ActiveRangeDb = 40; // below the loudest frame, as in training

    /// <summary>Mean power of the frames of 20 ms that lie within 40 dB of the loudest one.</summary>
    /// <param name="signal">x, [samples], at least one.</param>
    /// <returns>0 for silence.</returns>
    public static double ActivePower(ReadOnlySpan<float> signal)
    {
        int frames = Math.Max(1, signal.Length / FrameSamples);
        double[] power = new double[frames];
        for (int i = 0; i < frames; i++)
        {
            ReadOnlySpan<float> frame = frames == 1 ? signal : signal.Slice(i * FrameSamples, FrameSamples);
            power[i] = SignalLevel.Energy(frame) / frame.Length;
        }

        double floor = power.Max() * Math.Pow(10, -ActiveRangeDb / 10);
        return power.Max() > 0 ? power.Where(value => value >= floor).Average() : 0;
    }

    /// <summary>speech + g·noise, with g such that the active powers are the wanted distance apart.</summary>
    /// <param name="speech">s, [samples].</param>
    /// <param name="noise">v, [samples]; silence leaves the speech as it is.</param>
    /// <param name="snrDb">The distance.</param>
    /// <param name="mixture">Receives the sum, [samples]; may leave [−1, 1].</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Mix(ReadOnlySpan<float> speech, ReadOnlySpan<float> noise, double snrDb, Span<float> mixture)
    {
        if (speech.Length != noise.Length)
            throw new ArgumentException($"{noise.Length} samples of noise do not match {speech.Length} of speech.", nameof(noise));
        double noisePower = ActivePower(noise);
        double gain = noisePower > 0 ? Math.Sqrt(ActivePower(speech) / noisePower / Math.Pow(10, snrDb / 10)) : 0;
        TensorPrimitives.MultiplyAdd(noise, (float)gain, speech, mixture);
    }
}
