using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;

namespace NrSer.Core.Signal;

/// <summary>Short-time Fourier transform with centred, reflect-padded frames, and its inverse by weighted overlap-add.</summary>
/// <remarks>
/// The layout is that of <c>torch.stft(center=True, pad_mode="reflect")</c>, transposed to frames × bins, which is what the
/// networks read. Immutable after construction, so one instance serves all threads.
/// </remarks>
public sealed class Stft
{
    private readonly float[] _window;
    private readonly float[] _squaredWindow;
    private readonly ComplexFft _half;
    private readonly float[] _twiddleRe;
    private readonly float[] _twiddleIm;

    /// <param name="parameters">The framing.</param>
    /// <exception cref="ArgumentException">The FFT length is odd or half of it has a prime factor above 5, or the hop exceeds it.</exception>
    public Stft(StftParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        int n = parameters.FftSamples;
        if (n < 2 || n % 2 != 0)
            throw new ArgumentException($"An STFT needs an even frame length, not {n}.", nameof(parameters));
        if (parameters.HopSamples < 1 || parameters.HopSamples > n)
            throw new ArgumentException($"A hop of {parameters.HopSamples} samples leaves gaps between frames of {n}.", nameof(parameters));
        Parameters = parameters;
        _window = Periodic(parameters.Window, n);
        _squaredWindow = new float[n];
        TensorPrimitives.Multiply(_window, _window, _squaredWindow);
        _half = new ComplexFft(n / 2);
        _twiddleRe = new float[(n / 2) + 1];
        _twiddleIm = new float[(n / 2) + 1];
        for (int k = 0; k < _twiddleRe.Length; k++)
        {
            (double sine, double cosine) = Math.SinCos(-2 * Math.PI * k / n);
            (_twiddleRe[k], _twiddleIm[k]) = ((float)cosine, (float)sine);
        }
    }

    /// <summary>The framing.</summary>
    public StftParameters Parameters { get; }

    /// <summary>X[t, k] = Σ_n w[n]·x[t·hop + n − N/2]·e^(−2πikn/N).</summary>
    /// <param name="signal">x, [samples], longer than half a frame: reflection needs that much.</param>
    /// <param name="re">Receives the real parts, [frames, bins] with frames = 1 + ⌊samples / hop⌋.</param>
    /// <param name="im">Receives the imaginary parts, [frames, bins]; must not overlap <paramref name="re"/>.</param>
    /// <exception cref="ArgumentException">The signal is too short, or an output is not frames × bins long.</exception>
    public void Forward(ReadOnlySpan<float> signal, Span<float> re, Span<float> im)
    {
        RequireLength(re.Length, Parameters.FramesOf(signal.Length), nameof(re));
        Forward(signal, firstFrame: 0, re, im);
    }

    /// <summary>Some frames of the transform, for those who need not hold all of them.</summary>
    /// <param name="signal">The whole x, [samples], longer than half a frame.</param>
    /// <param name="firstFrame">t of the first frame wanted.</param>
    /// <param name="re">Receives the real parts, [frames, bins] for as many frames as fit.</param>
    /// <param name="im">Receives the imaginary parts, as long.</param>
    /// <exception cref="ArgumentException">The signal is too short, or has no such frames, or the outputs differ in length.</exception>
    public void Forward(ReadOnlySpan<float> signal, int firstFrame, Span<float> re, Span<float> im)
    {
        int n = Parameters.FftSamples, bins = Parameters.Bins, lanes = Vector<float>.Count;
        if (signal.Length <= n / 2)
            throw new ArgumentException($"{signal.Length} samples are too short for frames of {n}.", nameof(signal));
        int frames = re.Length / bins;
        ArgumentOutOfRangeException.ThrowIfNegative(firstFrame);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstFrame + frames, Parameters.FramesOf(signal.Length), nameof(firstFrame));
        RequireLength(re.Length, frames, nameof(re));
        RequireLength(im.Length, frames, nameof(im));

        using SpanOwner<float> frameOwner = SpanOwner<float>.Allocate(n);
        using SpanOwner<Vector<float>> owner = SpanOwner<Vector<float>>.Allocate(2 * bins);
        Span<float> frame = frameOwner.Span;
        Span<Vector<float>> zRe = owner.Span[..bins], zIm = owner.Span[bins..];
        Span<float> flatRe = MemoryMarshal.Cast<Vector<float>, float>(zRe), flatIm = MemoryMarshal.Cast<Vector<float>, float>(zIm);
        for (int first = 0; first < frames; first += lanes)
        {
            int count = Math.Min(lanes, frames - first);
            for (int lane = 0; lane < count; lane++)
            {
                Excerpt(signal, ((firstFrame + first + lane) * Parameters.HopSamples) - (n / 2), frame);
                TensorPrimitives.Multiply(frame, _window, frame);
                Interleave(frame, flatRe[lane..], flatIm[lane..], lanes);
            }

            _half.Forward(zRe[..^1], zIm[..^1]);
            SplitReal(zRe, zIm);
            for (int lane = 0; lane < count; lane++)
            {
                Gather(flatRe[lane..], re.Slice((first + lane) * bins, bins), lanes);
                Gather(flatIm[lane..], im.Slice((first + lane) * bins, bins), lanes);
            }
        }
    }

    /// <summary>The signal whose windowed frames come closest to the given spectrum: Σ w·frame / Σ w² (Griffin and Lim 1984, eq. 6).</summary>
    /// <param name="re">Real parts, [frames, bins]. Those of bin 0 and of the last bin count alone.</param>
    /// <param name="im">Imaginary parts, [frames, bins].</param>
    /// <param name="signal">Receives x, [samples], where frames = 1 + ⌊samples / hop⌋.</param>
    /// <exception cref="ArgumentException">A spectrum is not frames × bins long.</exception>
    public void Inverse(ReadOnlySpan<float> re, ReadOnlySpan<float> im, Span<float> signal)
    {
        int n = Parameters.FftSamples, hop = Parameters.HopSamples, bins = Parameters.Bins, lanes = Vector<float>.Count;
        int frames = Parameters.FramesOf(signal.Length);
        RequireLength(re.Length, frames, nameof(re));
        RequireLength(im.Length, frames, nameof(im));

        int padded = ((frames - 1) * hop) + n;
        using SpanOwner<float> sumOwner = SpanOwner<float>.Allocate(padded, AllocationMode.Clear);
        using SpanOwner<float> weightOwner = SpanOwner<float>.Allocate(padded, AllocationMode.Clear);
        using SpanOwner<float> frameOwner = SpanOwner<float>.Allocate(n);
        using SpanOwner<Vector<float>> owner = SpanOwner<Vector<float>>.Allocate(2 * bins, AllocationMode.Clear);
        Span<float> sum = sumOwner.Span, weight = weightOwner.Span, frame = frameOwner.Span;
        Span<Vector<float>> zRe = owner.Span[..bins], zIm = owner.Span[bins..];
        Span<float> flatRe = MemoryMarshal.Cast<Vector<float>, float>(zRe), flatIm = MemoryMarshal.Cast<Vector<float>, float>(zIm);
        for (int first = 0; first < frames; first += lanes)
        {
            int count = Math.Min(lanes, frames - first);
            for (int lane = 0; lane < count; lane++)
            {
                Scatter(re.Slice((first + lane) * bins, bins), flatRe[lane..], lanes);
                Scatter(im.Slice((first + lane) * bins, bins), flatIm[lane..], lanes);
            }

            JoinReal(zRe, zIm);
            _half.Forward(zIm[..^1], zRe[..^1]); // swapped: the inverse
            for (int lane = 0; lane < count; lane++)
            {
                Deinterleave(flatRe[lane..], flatIm[lane..], frame, lanes);
                Span<float> target = sum.Slice((first + lane) * hop, n), weights = weight.Slice((first + lane) * hop, n);
                TensorPrimitives.MultiplyAdd(frame, _window, target, target);
                TensorPrimitives.Add(weights, _squaredWindow, weights);
            }
        }

        // Behind the last whole hop a frame may be missing: where no window reaches, the signal is silent.
        int known = Math.Min(signal.Length, padded - (n / 2));
        TensorPrimitives.Max(weight, 1e-11f, weight);
        TensorPrimitives.Divide(sum.Slice(n / 2, known), weight.Slice(n / 2, known), signal[..known]);
        signal[known..].Clear();
    }

    /// <summary>One period of a window, so that its repetition is smooth.</summary>
    internal static float[] Periodic(WindowKind kind, int length)
    {
        var window = new float[length];
        for (int n = 0; n < length; n++)
        {
            double cosine = Math.Cos(2 * Math.PI * n / length);
            window[n] = (float)(kind switch
            {
                WindowKind.Hamming => 0.54 - (0.46 * cosine),
                WindowKind.Hann => 0.5 - (0.5 * cosine),
                WindowKind.SqrtHann => Math.Sqrt(0.5 - (0.5 * cosine)),
                _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such window."),
            });
        }

        return window;
    }

    /// <summary>x[start .. start + frame), mirrored at both ends without repeating the edge sample.</summary>
    private static void Excerpt(ReadOnlySpan<float> signal, int start, Span<float> frame)
    {
        if (start >= 0 && start + frame.Length <= signal.Length)
        {
            signal.Slice(start, frame.Length).CopyTo(frame);
            return;
        }

        int period = 2 * (signal.Length - 1);
        for (int i = 0; i < frame.Length; i++)
        {
            int at = (((start + i) % period) + period) % period;
            frame[i] = signal[at < signal.Length ? at : period - at];
        }
    }

    /// <summary>The spectrum of 2h real samples from that of h complex ones z[n] = x[2n] + i·x[2n + 1]; both h + 1 long.</summary>
    private void SplitReal(Span<Vector<float>> re, Span<Vector<float>> im)
    {
        int h = re.Length - 1;
        (re[h], im[h]) = (re[0] - im[0], Vector<float>.Zero);
        (re[0], im[0]) = (re[0] + im[0], Vector<float>.Zero);
        for (int k = 1; k <= h / 2; k++)
        {
            int m = h - k;
            Vector<float> evenRe = 0.5f * (re[k] + re[m]), evenIm = 0.5f * (im[k] - im[m]);
            Vector<float> oddRe = 0.5f * (im[k] + im[m]), oddIm = 0.5f * (re[m] - re[k]);
            Vector<float> turnRe = (_twiddleRe[k] * oddRe) - (_twiddleIm[k] * oddIm);
            Vector<float> turnIm = (_twiddleRe[k] * oddIm) + (_twiddleIm[k] * oddRe);
            (re[k], im[k]) = (evenRe + turnRe, evenIm + turnIm);
            (re[m], im[m]) = (evenRe - turnRe, turnIm - evenIm);
        }
    }

    /// <summary>Undoes <see cref="SplitReal"/> and scales by 1/h, as the inverse transform wants it.</summary>
    private void JoinReal(Span<Vector<float>> re, Span<Vector<float>> im)
    {
        int h = re.Length - 1;
        float scale = 0.5f / h;
        (re[0], im[0]) = (scale * (re[0] + re[h]), scale * (re[0] - re[h]));
        for (int k = 1; k <= h / 2; k++)
        {
            int m = h - k;
            Vector<float> evenRe = scale * (re[k] + re[m]), evenIm = scale * (im[k] - im[m]);
            Vector<float> turnRe = scale * (re[k] - re[m]), turnIm = scale * (im[k] + im[m]);
            Vector<float> oddRe = (_twiddleRe[k] * turnRe) + (_twiddleIm[k] * turnIm);
            Vector<float> oddIm = (_twiddleRe[k] * turnIm) - (_twiddleIm[k] * turnRe);
            (re[k], im[k]) = (evenRe - oddIm, evenIm + oddRe);
            (re[m], im[m]) = (evenRe + oddIm, oddRe - evenIm);
        }
    }

    private static void Interleave(ReadOnlySpan<float> frame, Span<float> even, Span<float> odd, int lanes)
    {
        for (int i = 0, o = 0; i + 1 < frame.Length; i += 2, o += lanes)
        {
            even[o] = frame[i];
            odd[o] = frame[i + 1];
        }
    }

    private static void Deinterleave(ReadOnlySpan<float> even, ReadOnlySpan<float> odd, Span<float> frame, int lanes)
    {
        for (int i = 0, o = 0; i + 1 < frame.Length; i += 2, o += lanes)
        {
            frame[i] = even[o];
            frame[i + 1] = odd[o];
        }
    }

    private static void Gather(ReadOnlySpan<float> lane, Span<float> row, int lanes)
    {
        for (int i = 0, o = 0; i < row.Length; i++, o += lanes)
            row[i] = lane[o];
    }

    private static void Scatter(ReadOnlySpan<float> row, Span<float> lane, int lanes)
    {
        for (int i = 0, o = 0; i < row.Length; i++, o += lanes)
            lane[o] = row[i];
    }

    private void RequireLength(int length, int frames, string name)
    {
        if (length != frames * Parameters.Bins)
            throw new ArgumentException($"{frames} frames of {Parameters.Bins} bins are {frames * Parameters.Bins} values, not {length}.", name);
    }
}
