using System.Numerics;
using NrSer.Core.Signal;

namespace NrSer.Core.Audio.Levels;

/// <summary>Finds up to which frequency a signal of 16 kHz holds sound: 3,400 Hz tell a telephone, whatever the file says. Not thread-safe.</summary>
/// <remarks>
/// The mean power spectrum of frames of 32 ms, one each 128 ms; sound is what lies within 60 dB of its strongest bin. Rumble does not count as the
/// strongest.
/// </remarks>
internal sealed class BandwidthMeter
{
    private const int FrameSamples = 512;
    private const int HopSamples = 2048;
    private const int Bins = (FrameSamples / 2) + 1;
    private const int LowestBin = 3; // 94 Hz
    private const double BinHz = (double)SpeechReader.SampleRateHz / FrameSamples;
    private const double WithinDb = 60;

    private static readonly ComplexFft s_fft = new(FrameSamples);
    private static readonly float[] s_window = Stft.Periodic(WindowKind.Hann, FrameSamples);

    private readonly Vector<float>[] _re = new Vector<float>[FrameSamples];
    private readonly Vector<float>[] _im = new Vector<float>[FrameSamples];
    private readonly float[] _frames = new float[FrameSamples * Vector<float>.Count];
    private readonly double[] _power = new double[Bins];
    private int _frame;
    private int _at;

    /// <summary>Looks on.</summary>
    /// <param name="samples">The next ones, at 16 kHz.</param>
    public void Append(ReadOnlySpan<float> samples)
    {
        while (!samples.IsEmpty)
        {
            int taken = Math.Min(samples.Length, (_at < FrameSamples ? FrameSamples : HopSamples) - _at);
            if (_at < FrameSamples)
                samples[..taken].CopyTo(_frames.AsSpan((_frame * FrameSamples) + _at));
            samples = samples[taken..];
            _at += taken;
            if (_at == FrameSamples && ++_frame == Vector<float>.Count)
                Transform();
            if (_at == HopSamples)
                _at = 0;
        }
    }

    /// <summary>The highest frequency with sound so far; null without any.</summary>
    public double? Find()
    {
        if (_frame > 0)
        {
            _frames.AsSpan(_frame * FrameSamples).Clear();
            Transform();
        }

        double strongest = _power.AsSpan(LowestBin).ToArray().Max();
        if (strongest <= 0)
            return null;
        double least = strongest * Math.Pow(10, -WithinDb / 10);
        int bin = Bins - 1;
        while (_power[bin] < least)
            bin--;
        return bin * BinHz;
    }

    private void Transform()
    {
        _frame = 0;
        if (_frames.AsSpan().IndexOfAnyExcept(0f) < 0)
            return;
        Span<float> lanes = stackalloc float[Vector<float>.Count];
        for (int n = 0; n < FrameSamples; n++)
        {
            for (int lane = 0; lane < lanes.Length; lane++)
                lanes[lane] = _frames[(lane * FrameSamples) + n];
            _re[n] = new Vector<float>(lanes) * s_window[n];
            _im[n] = Vector<float>.Zero;
        }

        s_fft.Forward(_re, _im);
        for (int bin = 0; bin < Bins; bin++)
            _power[bin] += Vector.Sum((_re[bin] * _re[bin]) + (_im[bin] * _im[bin]));
    }
}
