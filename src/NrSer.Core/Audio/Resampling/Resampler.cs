namespace NrSer.Core.Audio.Resampling;

/// <summary>
/// Changes the sample rate of one channel, block by block. The result does not depend on how the input was cut into blocks, and is not delayed:
/// output sample n is the input at time n / output rate. Not thread-safe.
/// </summary>
/// <remarks>
/// With f the Nyquist frequency of the lower rate: flat within 0.001 dB up to 0.9 f, at least 96 dB down from 1.1 f on. What lies between
/// f and 1.1 f folds back into 0.9 f to f, weakened by 6 dB or more.
/// </remarks>
public sealed class Resampler
{
    /// <summary>Lowest rate on either side, in Hz.</summary>
    public const int MinRateHz = 1_000;

    /// <summary>Highest rate on either side, in Hz.</summary>
    public const int MaxRateHz = 768_000;

    private const int BlockSamples = 4096; // input taken at a time: the history is moved once per block

    private readonly PolyphaseFilter? _filter; // null when nothing is to be done
    private readonly float[] _window; // the input still needed, after zeros for the time before the first sample
    private int _windowCount;
    private int _next; // where in _window the taps of the next output sample start
    private int _phase;
    private long _inputSamples;
    private long _outputSamples;

    /// <summary>Designs the filter for a pair of rates.</summary>
    /// <param name="inputRateHz">1,000 to 768,000.</param>
    /// <param name="outputRateHz">1,000 to 768,000.</param>
    public Resampler(int inputRateHz, int outputRateHz)
        : this(inputRateHz, outputRateHz, CreateFilter(inputRateHz, outputRateHz))
    {
    }

    private Resampler(int inputRateHz, int outputRateHz, PolyphaseFilter? filter)
    {
        InputRateHz = inputRateHz;
        OutputRateHz = outputRateHz;
        _filter = filter;
        _window = filter is null ? [] : new float[filter.TapCount + BlockSamples];
        Reset();
    }

    /// <summary>Rate of the input.</summary>
    public int InputRateHz { get; }

    /// <summary>Rate of the output.</summary>
    public int OutputRateHz { get; }

    /// <summary>Resamplers for the channels of one recording; they share the filter's table.</summary>
    /// <param name="channels">At least 1.</param>
    /// <param name="inputRateHz">1,000 to 768,000.</param>
    /// <param name="outputRateHz">1,000 to 768,000.</param>
    public static Resampler[] CreateMany(int channels, int inputRateHz, int outputRateHz)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        PolyphaseFilter? filter = CreateFilter(inputRateHz, outputRateHz);
        Resampler[] resamplers = new Resampler[channels];
        for (int channel = 0; channel < channels; channel++)
            resamplers[channel] = new(inputRateHz, outputRateHz, filter);
        return resamplers;
    }

    /// <summary>Length of the whole output: the output instants that lie within the input, ⌈input · out / in⌉.</summary>
    /// <param name="inputSamples">Length of the whole input.</param>
    public long OutputLength(long inputSamples)
    {
        Int128 product = (Int128)inputSamples * OutputRateHz;
        return (long)((product + InputRateHz - 1) / InputRateHz);
    }

    /// <summary>Room that <see cref="Process"/> and <see cref="Flush"/> may need after so much more input.</summary>
    /// <param name="inputSamples">Length of the next input block; 0 for the room of a flush alone.</param>
    public int MaxOutputSamples(int inputSamples)
    {
        int pending = _filter is null ? 0 : _filter.HalfTaps;
        return checked((int)OutputLength(inputSamples + pending)) + 1;
    }

    /// <summary>Takes a block of input and writes what can be said so far; the output runs behind by half the filter's length.</summary>
    /// <param name="input">Any number of samples. All are used.</param>
    /// <param name="output">Room for <see cref="MaxOutputSamples"/>; must not overlap the input.</param>
    /// <returns>Samples written.</returns>
    /// <exception cref="ArgumentException">The output is too short.</exception>
    public int Process(ReadOnlySpan<float> input, Span<float> output)
    {
        ThrowIfTooShort(output, MaxOutputSamples(input.Length));
        _inputSamples += input.Length;
        if (_filter is null)
        {
            input.CopyTo(output);
            return input.Length;
        }

        int written = 0;
        while (!input.IsEmpty)
        {
            MakeRoom();
            int taken = Math.Min(input.Length, _window.Length - _windowCount);
            input[..taken].CopyTo(_window.AsSpan(_windowCount));
            input = input[taken..];
            _windowCount += taken;
            written += Produce(_filter, output[written..]);
        }

        _outputSamples += written;
        return written;
    }

    /// <summary>Writes the rest, as if silence followed, and makes ready for a new signal.</summary>
    /// <param name="output">Room for <see cref="MaxOutputSamples"/> of no input.</param>
    /// <returns>Samples written: together with all before, <see cref="OutputLength"/>.</returns>
    /// <exception cref="ArgumentException">The output is too short.</exception>
    public int Flush(Span<float> output)
    {
        ThrowIfTooShort(output, MaxOutputSamples(0));
        int written = 0;
        if (_filter is not null)
        {
            Span<float> rest = output[..(int)(OutputLength(_inputSamples) - _outputSamples)];
            int silence = _filter.HalfTaps;
            while (written < rest.Length)
            {
                MakeRoom();
                int taken = Math.Min(silence, _window.Length - _windowCount);
                _window.AsSpan(_windowCount, taken).Clear();
                silence -= taken;
                _windowCount += taken;
                written += Produce(_filter, rest[written..]);
            }
        }

        Reset();
        return written;
    }

    private int Produce(PolyphaseFilter filter, Span<float> output)
    {
        int step = filter.Decimation / filter.Phases;
        int phaseStep = filter.Decimation % filter.Phases;
        int written = 0;
        while (_next + filter.TapCount <= _windowCount && written < output.Length)
        {
            output[written++] = filter.Apply(_window.AsSpan(_next, filter.TapCount), _phase);
            _next += step;
            _phase += phaseStep;
            if (_phase >= filter.Phases)
            {
                _phase -= filter.Phases;
                _next++;
            }
        }

        return written;
    }

    // Drops what no later output sample needs. With long steps the next sample may start behind everything there is.
    private void MakeRoom()
    {
        int dropped = Math.Min(_next, _windowCount);
        _window.AsSpan(dropped, _windowCount - dropped).CopyTo(_window);
        _windowCount -= dropped;
        _next -= dropped;
    }

    private void Reset()
    {
        _inputSamples = 0;
        _outputSamples = 0;
        _phase = 0;
        _next = 0;
        _windowCount = 0;
        if (_filter is null)
            return;

        // The first output sample lies on the first input sample, which is the one at HalfTaps − 1 of its window.
        _windowCount = _filter.HalfTaps - 1;
        _window.AsSpan(0, _windowCount).Clear();
    }

    private static PolyphaseFilter? CreateFilter(int inputRateHz, int outputRateHz)
    {
        ThrowIfOutOfRange(inputRateHz, nameof(inputRateHz));
        ThrowIfOutOfRange(outputRateHz, nameof(outputRateHz));
        return inputRateHz == outputRateHz ? null : new(inputRateHz, outputRateHz);
    }

    private static void ThrowIfOutOfRange(int rateHz, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rateHz, MinRateHz, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rateHz, MaxRateHz, name);
    }

    private static void ThrowIfTooShort(Span<float> output, int needed)
    {
        if (output.Length < needed)
            throw new ArgumentException($"The output has room for {output.Length} of up to {needed} samples.", nameof(output));
    }
}
