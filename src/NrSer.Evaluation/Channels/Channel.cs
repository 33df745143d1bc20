using NrSer.Core.Segmentation;
using NrSer.Core.Signal;

namespace NrSer.Evaluation.Channels;

/// <summary>One way between voices and their recordings, the same for every clip.</summary>
/// <remarks>
/// A band, and the telephone's companding, lie over clean speech as over the recording, so that clean telephone speech is its own target. Hum, rumble
/// and offset are added to the recording alone: a perfect enhancer would take them away.
/// </remarks>
/// <param name="kind">Which.</param>
public sealed class Channel(ChannelKind kind)
{
    private const double DisturbanceDb = 10; // above the recording's mean power: the most that training draws
    private const double MainsHz = 50;
    private const double HarmonicAmplitude = 0.1; // of the second, third and fourth, beside 1
    private const double RumbleBelowHz = 60;

    /// <summary>Which.</summary>
    public ChannelKind Kind => kind;

    /// <summary>What a kind does, in words for reports and help.</summary>
    public static string Describe(ChannelKind kind) => kind switch
    {
        ChannelKind.None => "recordings as they are",
        ChannelKind.Telephone => "300–3400 Hz and eight bits by the µ-law, over clean and noisy speech alike",
        ChannelKind.Eight => "up to 3900 Hz, as recorded at 8 kHz, over clean and noisy speech alike",
        ChannelKind.Eleven => "up to 5400 Hz, as recorded at 11.025 kHz, over clean and noisy speech alike",
        ChannelKind.Wideband => "50–7000 Hz, over clean and noisy speech alike",
        ChannelKind.Hum => "50 Hz with three harmonics, 10 dB above the recording, added to what is heard alone",
        ChannelKind.Rumble => "noise below 60 Hz, 10 dB above the recording, added to what is heard alone",
        ChannelKind.Dc => "an offset, 10 dB above the recording, added to what is heard alone",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such channel."),
    };

    /// <summary>What a perfect enhancer would leave of a signal.</summary>
    /// <param name="signal">[samples], 16 kHz.</param>
    /// <returns>[samples]; the signal itself where the kind leaves it as it is.</returns>
    public float[] Passed(float[] signal) => kind switch // the bands of models/train/channels.py
    {
        ChannelKind.Telephone => Companding.MuLaw(Band.Limit(signal, 300, 3400)),
        ChannelKind.Eight => Band.Limit(signal, 0, 3900),
        ChannelKind.Eleven => Band.Limit(signal, 0, 5400),
        ChannelKind.Wideband => Band.Limit(signal, 50, 7000),
        _ => signal,
    };

    /// <summary>The signal as its recording holds it, hum and all.</summary>
    /// <param name="signal">[samples], 16 kHz.</param>
    /// <param name="seed">Of the rumble.</param>
    /// <returns>[samples]; may leave [−1, 1]; the signal itself where the kind leaves it as it is.</returns>
    public float[] Recorded(float[] signal, int seed)
    {
        ArgumentNullException.ThrowIfNull(signal);
        if (Disturbance(signal.Length, seed) is not { } disturbance)
            return Passed(signal);
        double gain = Math.Sqrt(SignalLevel.Energy(signal) / SignalLevel.Energy(disturbance) * Math.Pow(10, DisturbanceDb / 10));
        return [.. signal.Zip(disturbance, (value, added) => value + (float)(gain * added))];
    }

    /// <summary>Of any level; null where nothing is added.</summary>
    private float[]? Disturbance(int samples, int seed)
    {
        var random = new Random(seed);
        return kind switch
        {
            ChannelKind.Hum => Filled(n => Hum(n / (double)SegmentGrid.SampleRateHz)),
            ChannelKind.Rumble => Band.Limit(Filled(_ => random.NextDouble() - 0.5), 0, RumbleBelowHz),
            ChannelKind.Dc => Filled(_ => 1),
            _ => null,
        };

        float[] Filled(Func<int, double> value) => [.. Enumerable.Range(0, samples).Select(n => (float)value(n))];
    }

    private static double Hum(double seconds) => Enumerable.Range(1, 4)
        .Sum(harmonic => (harmonic == 1 ? 1 : HarmonicAmplitude) * Math.Sin(2 * Math.PI * harmonic * MainsHz * seconds));
}
