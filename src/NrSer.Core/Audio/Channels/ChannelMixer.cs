using System.Globalization;
using System.Numerics.Tensors;

namespace NrSer.Core.Audio.Channels;

/// <summary>
/// Makes one channel of several: their mean, unless that would lose the voice. Channels that have been silent so far are left out; where two cancel,
/// because one is inverted, their difference is heard, or the stronger one. Decides by what came before and the block itself, and there by what the
/// channels have in common at a voice's frequencies: offset, hum and noise of their own would hide that the voice is gone. Not thread-safe.
/// </summary>
internal sealed class ChannelMixer
{
    private const double ForgetSeconds = 10; // a cable that is changed within a recording is noticed; a pause changes nothing
    private const double SoundingPower = 1e-6; // −60 dBFS in one block: a channel with something to hear
    private const double SoundingShare = 1e-4; // and 40 dB below the loudest block of any: more is crosstalk
    private const double AlikeEnergies = 4; // within 6 dB: of channels alike the difference has less noise than either
    private const double VoiceLagSeconds = 0.0005; // x[n] − x[n − lag] is loudest at 1 kHz, 16 dB weaker at 100 Hz, nothing at 0
    private const double CommonShare = 0.5; // of each channel's own power: less in common may be chance
    private const int PowerIterations = 32; // where it counts, what is in common is at least 1.5 times the rest: 1.5⁻³² is nothing

    private const double Converged = 1e-6;

    private readonly int _sampleRateHz;
    private readonly bool[] _isSounding;
    private readonly int _lag;
    private readonly double[] _covariance; // [channels, channels], of what is heard of a voice
    private readonly double[] _common; // [channels], what they have in common, of length 1
    private readonly double[] _next;
    private readonly float[] _weights;
    private readonly float[] _before;
    private float[] _voice = [];
    private double _loudestPower;
    private Choice _choice = Choice.Mean;
    private int _strongest;
    private long _samples;
    private long? _cancelledFrom;

    /// <param name="channels">At least 2.</param>
    /// <param name="sampleRateHz">Of the channels.</param>
    public ChannelMixer(int channels, int sampleRateHz)
    {
        _sampleRateHz = sampleRateHz;
        _isSounding = new bool[channels];
        _lag = Math.Max(1, (int)(VoiceLagSeconds * sampleRateHz));
        _covariance = new double[channels * channels];
        _common = new double[channels];
        _next = new double[channels];
        _weights = new float[channels];
        _before = new float[channels];
    }

    private enum Choice
    {
        Mean,
        Difference,
        Strongest,
    }

    private int Sounding => _isSounding.AsSpan().Count(true);

    /// <summary>What is heard now: <c>mean</c>, <c>mean of 0, 2</c>, <c>difference of 0, 1</c> or <c>channel 0</c>.</summary>
    public string Heard
    {
        get
        {
            int[] heard = [.. Enumerable.Range(0, _weights.Length).Where(channel => _weights[channel] != 0)];
            string list = string.Join(", ", heard.Select(channel => channel.ToString(CultureInfo.InvariantCulture)));
            return heard.Length == 1 ? $"channel {list}"
                : _choice == Choice.Difference ? $"difference of {list}"
                : heard.Length == _weights.Length || heard.Length == 0 ? "mean" : $"mean of {list}";
        }
    }

    /// <summary>What the owner should know, a sentence each; empty when all channels were heard.</summary>
    public IEnumerable<string> Warnings
    {
        get
        {
            if (_cancelledFrom is { } samples)
            {
                double seconds = samples / (double)_sampleRateHz;
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"From {seconds:0.#} s on channels cancel each other, since one is inverted; heard at the end: {Heard}.");
            }

            int[] silent = [.. Enumerable.Range(0, _isSounding.Length).Where(channel => !_isSounding[channel])];
            if (silent.Length > 0 && silent.Length < _isSounding.Length)
            {
                string list = string.Join(", ", silent.Select(channel => channel.ToString(CultureInfo.InvariantCulture)));
                yield return $"Of {_isSounding.Length} channels, counted from 0, {list} {(silent.Length == 1 ? "is" : "are")} silent and left out.";
            }
        }
    }

    /// <summary>Mixes a block.</summary>
    /// <param name="planar">Shape [channels, room]: channel c starts at c · room.</param>
    /// <param name="room">Distance of the channels.</param>
    /// <param name="mixed">Receives the mix, as long as the block; must not overlap.</param>
    public void Mix(ReadOnlySpan<float> planar, int room, Span<float> mixed)
    {
        Listen(planar, room, mixed.Length);
        _weights.CopyTo(_before, 0);
        Choose();
        if (_samples == 0)
            _weights.CopyTo(_before, 0);
        if (_before.AsSpan().SequenceEqual(_weights))
            Apply(_weights, planar, room, mixed);
        else
            Slide(planar, room, mixed);
        _samples += mixed.Length;
    }

    private void Listen(ReadOnlySpan<float> planar, int room, int frames)
    {
        int channels = _weights.Length, heard = frames - _lag;
        if (heard <= 0)
            return; // the last few samples decide nothing
        if (_voice.Length < channels * heard)
            _voice = new float[channels * heard];
        for (int channel = 0; channel < channels; channel++)
        {
            ReadOnlySpan<float> samples = planar.Slice(channel * room, frames);
            TensorPrimitives.Subtract(samples[_lag..], samples[..heard], _voice.AsSpan(channel * heard, heard));
        }

        double decay = Math.Exp(-frames / (ForgetSeconds * _sampleRateHz));
        Span<double> powers = stackalloc double[channels];
        for (int one = 0; one < channels; one++)
        {
            double energy = 0;
            for (int other = 0; other <= one; other++)
            {
                energy = TensorPrimitives.Dot<float>(_voice.AsSpan(one * heard, heard), _voice.AsSpan(other * heard, heard)) / 2;
                _covariance[(one * channels) + other] = (_covariance[(one * channels) + other] * decay) + energy;
                _covariance[(other * channels) + one] = _covariance[(one * channels) + other];
            }

            powers[one] = energy / heard;
            _loudestPower = Math.Max(_loudestPower, powers[one]);
        }

        for (int channel = 0; channel < channels; channel++)
            _isSounding[channel] |= powers[channel] >= Math.Max(SoundingPower, SoundingShare * _loudestPower);
    }

    private void WeighMean()
    {
        int sounding = Sounding;
        for (int channel = 0; channel < _weights.Length; channel++)
            _weights[channel] = sounding == 0 ? 1f / _weights.Length : _isSounding[channel] ? 1f / sounding : 0;
    }

    // The mean keeps (Σv / n)² of what the channels v have in common, at most 1/n² of it if that is in one of them alone: less than half of that
    // means that they cancel, and twice the border is wanted to believe in the mean again.
    private void Choose()
    {
        int sounding = Sounding;
        double share = sounding < 2 ? 0 : FindCommon(sounding), sum = 0, loudest = 0;
        int strongest = 0;
        for (int channel = 0; channel < _common.Length; channel++)
        {
            sum += _isSounding[channel] ? _common[channel] : 0;
            if (Math.Abs(_common[channel]) > loudest)
                (strongest, loudest) = (channel, Math.Abs(_common[channel]));
        }

        bool wasMean = _choice == Choice.Mean;
        if (share < (wasMean ? CommonShare : CommonShare / 2) || sum * sum >= loudest * loudest * (wasMean ? 0.5 : 1))
        {
            _choice = Choice.Mean;
            WeighMean();
            return;
        }

        _cancelledFrom ??= _samples;
        if (wasMean || EnergyOf(_strongest) * 2 < EnergyOf(strongest))
            _strongest = strongest;
        int second = OnlyOther(_strongest);
        _choice = second >= 0 && EnergyOf(second) * AlikeEnergies >= EnergyOf(_strongest) ? Choice.Difference : Choice.Strongest;
        Array.Clear(_weights);
        if (_choice == Choice.Strongest)
        {
            _weights[_strongest] = 1;
        }
        else
        {
            _weights[Math.Min(_strongest, second)] = 0.5f; // the same sign whichever is stronger
            _weights[Math.Max(_strongest, second)] = -0.5f;
        }
    }

    private double EnergyOf(int channel) => _covariance[(channel * _weights.Length) + channel];

    // What all channels have in common is the covariance's first principal component, found by power iteration; the rest is taken to be noise of each
    // channel's own, alike in all. Returns the power of the one to that of the other, of a channel.
    private double FindCommon(int sounding)
    {
        int channels = _weights.Length;
        double trace = 0, first = 0;
        int strongest = 0;
        for (int channel = 0; channel < channels; channel++)
        {
            trace += EnergyOf(channel);
            if (EnergyOf(channel) > EnergyOf(strongest))
                strongest = channel;
        }

        if (trace <= 0)
            return 0;
        Array.Clear(_common);
        _common[strongest] = 1;
        for (int i = 0; i < PowerIterations; i++)
        {
            for (int channel = 0; channel < channels; channel++)
                _next[channel] = TensorPrimitives.Dot<double>(_covariance.AsSpan(channel * channels, channels), _common);
            first = TensorPrimitives.Norm<double>(_next);
            TensorPrimitives.Divide(_next, first, _next);
            bool isFound = TensorPrimitives.Distance<double>(_next, _common) < Converged;
            _next.CopyTo(_common, 0);
            if (isFound)
                break;
        }

        double own = Math.Max(0, trace - first) / (sounding - 1);
        return own > 0 ? (first - own) / (own * sounding) : double.PositiveInfinity;
    }

    // The one other channel with sound, or −1 when there are more.
    private int OnlyOther(int channel)
    {
        if (Sounding != 2)
            return -1;
        int first = Array.IndexOf(_isSounding, true);
        return first == channel ? Array.LastIndexOf(_isSounding, true) : first;
    }

    private static void Apply(ReadOnlySpan<float> weights, ReadOnlySpan<float> planar, int room, Span<float> mixed)
    {
        bool isFirst = true;
        for (int channel = 0; channel < weights.Length; channel++)
        {
            if (weights[channel] == 0)
                continue;
            ReadOnlySpan<float> samples = planar.Slice(channel * room, mixed.Length);
            if (isFirst)
                TensorPrimitives.Multiply(samples, weights[channel], mixed);
            else
                TensorPrimitives.MultiplyAdd(samples, weights[channel], mixed, mixed);
            isFirst = false;
        }
    }

    // From the weights before to the new ones over the block, since a step would click.
    private void Slide(ReadOnlySpan<float> planar, int room, Span<float> mixed)
    {
        mixed.Clear();
        for (int channel = 0; channel < _weights.Length; channel++)
        {
            float from = _before[channel], slope = (_weights[channel] - from) / mixed.Length;
            if (from == 0 && slope == 0)
                continue;
            ReadOnlySpan<float> samples = planar.Slice(channel * room, mixed.Length);
            for (int n = 0; n < mixed.Length; n++)
                mixed[n] += (from + (slope * (n + 1))) * samples[n];
        }
    }
}
