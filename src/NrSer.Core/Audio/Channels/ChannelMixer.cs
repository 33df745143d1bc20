using System.Globalization;
using System.Numerics.Tensors;
using NrSer.Core.Signal;

namespace NrSer.Core.Audio.Channels;

/// <summary>
/// Makes one channel of several: their mean, unless that would lose the voice. Channels that have been silent so far are left out; where two cancel,
/// because one is inverted, their difference is heard, or the stronger one. Decides by what came before and the block itself. Not thread-safe.
/// </summary>
internal sealed class ChannelMixer
{
    private const double ForgetSeconds = 10; // a cable that is changed within a recording is noticed; a pause changes nothing
    private const double SoundingPower = 1e-6; // −60 dBFS in one block: a channel with something to hear
    private const double SoundingShare = 1e-4; // and 40 dB below the loudest block of any: more is crosstalk
    private const double AlikeEnergies = 4; // within 6 dB: of channels alike the difference has less noise than either

    private readonly int _sampleRateHz;
    private readonly bool[] _isSounding;
    private readonly double[] _energies;
    private readonly float[] _weights;
    private readonly float[] _before;
    private double _mixEnergy;
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
        _energies = new double[channels];
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
        double decay = Math.Exp(-mixed.Length / (ForgetSeconds * _sampleRateHz));
        Listen(planar, room, mixed.Length, decay);
        _weights.CopyTo(_before, 0);
        WeighMean();
        Apply(_weights, planar, room, mixed);
        _mixEnergy = (_mixEnergy * decay) + SignalLevel.Energy(mixed);
        bool isMixed = Choose();
        if (_samples == 0)
            _weights.CopyTo(_before, 0);
        if (!_before.AsSpan().SequenceEqual(_weights))
            Slide(planar, room, mixed);
        else if (!isMixed)
            Apply(_weights, planar, room, mixed);
        _samples += mixed.Length;
    }

    private void Listen(ReadOnlySpan<float> planar, int room, int frames, double decay)
    {
        Span<double> powers = stackalloc double[_energies.Length];
        for (int channel = 0; channel < powers.Length; channel++)
        {
            double energy = SignalLevel.Energy(planar.Slice(channel * room, frames));
            powers[channel] = energy / frames;
            _energies[channel] = (_energies[channel] * decay) + energy;
            _loudestPower = Math.Max(_loudestPower, powers[channel]);
        }

        for (int channel = 0; channel < powers.Length; channel++)
            _isSounding[channel] |= powers[channel] >= Math.Max(SoundingPower, SoundingShare * _loudestPower);
    }

    private void WeighMean()
    {
        int sounding = Sounding;
        for (int channel = 0; channel < _weights.Length; channel++)
            _weights[channel] = sounding == 0 ? 1f / _weights.Length : _isSounding[channel] ? 1f / sounding : 0;
    }

    // Channels that have nothing in common lose at most 1/n² of the strongest energy in their mean: less means that they cancel. Half of that is the
    // border, and twice that is wanted to believe in the mean again.
    private bool Choose()
    {
        int sounding = Sounding;
        double strongest = TensorPrimitives.Max<double>(_energies);
        double border = strongest / (2.0 * sounding * sounding);
        if (sounding < 2 || _mixEnergy >= (_choice == Choice.Mean ? border : 2 * border))
        {
            _choice = Choice.Mean;
            return true;
        }

        _cancelledFrom ??= _samples;
        if (_choice == Choice.Mean || _energies[_strongest] * 2 < strongest)
            _strongest = Array.IndexOf(_energies, strongest);
        int other = OnlyOther(_strongest);
        _choice = other >= 0 && _energies[other] * AlikeEnergies >= strongest ? Choice.Difference : Choice.Strongest;
        Array.Clear(_weights);
        if (_choice == Choice.Strongest)
        {
            _weights[_strongest] = 1;
        }
        else
        {
            _weights[Math.Min(_strongest, other)] = 0.5f; // the same sign whichever is stronger
            _weights[Math.Max(_strongest, other)] = -0.5f;
        }

        return false;
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
