using System.Numerics.Tensors;

namespace NrSer.Core.Audio.Levels;

/// <summary>Finds the peak of a recording and how much of it was cut off there. Not thread-safe.</summary>
/// <remarks>
/// What is clipped stands at the limit for several samples. The limit is full scale, or the recording's own peak where it was made quieter
/// afterwards; below −20 dBFS steps are so coarse that neighbours are equal by nature.
/// </remarks>
/// <param name="channels">At least 1.</param>
internal sealed class ClippingMeter(int channels)
{
    private const float LowestLimit = 0.1f;
    private const float SameLevel = 0.9999f; // 3 of 32,768 steps: what a change of the rate, or dither, moves

    private readonly bool[] _wasAtLimit = new bool[channels];
    private readonly bool[] _isCounted = new bool[channels];
    private float _peak;
    private long _clipped;
    private long _samples;

    /// <summary>The largest magnitude so far.</summary>
    public float Peak => _peak;

    /// <summary>Share of the samples so far that are clipped.</summary>
    public double ClippedShare => _samples == 0 || _peak < LowestLimit ? 0 : _clipped / (double)_samples;

    private float Limit => SameLevel * Math.Min(_peak, 1);

    /// <summary>Looks on.</summary>
    /// <param name="channel">From 0.</param>
    /// <param name="samples">Its next samples, at the recording's own rate.</param>
    public void Append(int channel, ReadOnlySpan<float> samples)
    {
        _samples += samples.Length;
        if (samples.IsEmpty)
            return;
        float peak = TensorPrimitives.MaxMagnitude(samples);
        if (Math.Abs(peak) > _peak)
            Raise(Math.Abs(peak));
        if (_peak >= LowestLimit && Math.Abs(peak) >= Limit)
            Count(channel, samples);
        else
            _wasAtLimit[channel] = false;
    }

    // What stood at a lower level was not cut off there.
    private void Raise(float peak)
    {
        bool isOutgrown = Math.Min(_peak, 1) < SameLevel * Math.Min(peak, 1);
        _peak = peak;
        if (!isOutgrown)
            return;
        _clipped = 0;
        Array.Clear(_wasAtLimit);
    }

    private void Count(int channel, ReadOnlySpan<float> samples)
    {
        float limit = Limit;
        bool was = _wasAtLimit[channel], isCounted = _isCounted[channel];
        foreach (float sample in samples)
        {
            bool isAtLimit = Math.Abs(sample) >= limit;
            if (isAtLimit && was)
            {
                _clipped += isCounted ? 1 : 2;
                isCounted = true;
            }
            else
            {
                isCounted = false;
            }

            was = isAtLimit;
        }

        (_wasAtLimit[channel], _isCounted[channel]) = (was, isCounted);
    }
}
