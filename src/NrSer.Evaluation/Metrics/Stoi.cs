using System.Numerics.Tensors;
using NrSer.Core.Audio.Resampling;

namespace NrSer.Evaluation.Metrics;

/// <summary>STOI, short-time objective intelligibility: how well listeners are likely to understand a degraded signal.</summary>
/// <remarks>
/// Taal, Hendriks, Heusdens, Jensen 2011, "An algorithm for intelligibility prediction of time-frequency weighted noisy speech". All
/// constants are theirs: 10 kHz, frames of 25.6 ms, 15 third-octave bands from 150 Hz, segments of 30 frames (384 ms), −15 dB lower bound
/// of the signal-to-distortion ratio, frames 40 dB below the loudest left out.
/// </remarks>
public static class Stoi
{
    private const int RateHz = 10_000;
    private const int FrameSamples = 256;
    private const int HopSamples = 128;
    private const int FftSamples = 512;
    private const int Bands = 15;
    private const double LowestBandHz = 150;
    private const int SegmentFrames = 30;
    private const double DynamicRangeDb = 40;

    private static readonly double s_clip = 1 + Math.Pow(10, 15 / 20.0);
    private static readonly float[] s_window = Window();
    private static readonly int[] s_edges = BandEdges();
    private static readonly float[][] s_sinusoids = Sinusoids();

    /// <summary>The mean correlation of clean and degraded band envelopes over short segments.</summary>
    /// <param name="clean">The clean speech, [samples].</param>
    /// <param name="degraded">The same, degraded or enhanced, without delay, [samples].</param>
    /// <param name="sampleRateHz">Of both.</param>
    /// <returns>About 0 to 1; NaN when fewer than 30 frames (0.4 s) of speech are left without the pauses.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Score(ReadOnlySpan<float> clean, ReadOnlySpan<float> degraded, int sampleRateHz)
    {
        if (clean.Length != degraded.Length)
            throw new ArgumentException($"{degraded.Length} samples do not match {clean.Length} of the clean speech.", nameof(degraded));
        (float[] x, float[] y) = WithoutPauses(AtAnalysisRate(clean, sampleRateHz), AtAnalysisRate(degraded, sampleRateHz));
        double[,] xBands = Envelopes(x), yBands = Envelopes(y);
        int frames = xBands.GetLength(1);
        if (frames < SegmentFrames)
            return double.NaN;

        double sum = 0;
        for (int end = SegmentFrames; end <= frames; end++)
        {
            for (int band = 0; band < Bands; band++)
                sum += Correlation(xBands, yBands, band, end - SegmentFrames);
        }

        return sum / (Bands * (frames - SegmentFrames + 1));
    }

    private static float[] AtAnalysisRate(ReadOnlySpan<float> signal, int sampleRateHz)
    {
        var resampler = new Resampler(sampleRateHz, RateHz);
        var output = new float[resampler.MaxOutputSamples(signal.Length) + resampler.MaxOutputSamples(0)];
        int count = resampler.Process(signal, output);
        count += resampler.Flush(output.AsSpan(count));
        return output[..count];
    }

    /// <summary>Both signals without the frames in which the clean one pauses, joined by overlap-add.</summary>
    private static (float[] Clean, float[] Degraded) WithoutPauses(float[] clean, float[] degraded)
    {
        int frames = FramesOf(clean.Length);
        Span<float> frame = stackalloc float[FrameSamples];
        var levelDb = new double[frames];
        for (int i = 0; i < frames; i++)
        {
            TensorPrimitives.Multiply(clean.AsSpan(i * HopSamples, FrameSamples), s_window, frame);
            levelDb[i] = 20 * Math.Log10(TensorPrimitives.Norm<float>(frame) + double.Epsilon);
        }

        double floorDb = frames == 0 ? 0 : levelDb.Max() - DynamicRangeDb;
        int[] kept = [.. Enumerable.Range(0, frames).Where(i => levelDb[i] > floorDb)];
        return (Join(clean, kept), Join(degraded, kept));
    }

    private static float[] Join(float[] signal, int[] frames)
    {
        var joined = new float[frames.Length == 0 ? 0 : ((frames.Length - 1) * HopSamples) + FrameSamples];
        Span<float> frame = stackalloc float[FrameSamples];
        for (int i = 0; i < frames.Length; i++)
        {
            TensorPrimitives.Multiply(signal.AsSpan(frames[i] * HopSamples, FrameSamples), s_window, frame);
            Span<float> place = joined.AsSpan(i * HopSamples, FrameSamples);
            TensorPrimitives.Add(place, frame, place);
        }

        return joined;
    }

    /// <summary>Magnitude per band and frame, [bands, frames]. A product with sinusoids: too little work here to need an FFT.</summary>
    private static double[,] Envelopes(float[] signal)
    {
        int frames = FramesOf(signal.Length);
        var envelopes = new double[Bands, frames];
        Span<float> frame = stackalloc float[FrameSamples];
        for (int i = 0; i < frames; i++)
        {
            TensorPrimitives.Multiply(signal.AsSpan(i * HopSamples, FrameSamples), s_window, frame);
            for (int band = 0; band < Bands; band++)
            {
                double power = 0;
                for (int bin = s_edges[band]; bin < s_edges[band + 1]; bin++)
                {
                    double re = TensorPrimitives.Dot(frame, s_sinusoids[2 * bin]), im = TensorPrimitives.Dot(frame, s_sinusoids[(2 * bin) + 1]);
                    power += (re * re) + (im * im);
                }

                envelopes[band, i] = Math.Sqrt(power);
            }
        }

        return envelopes;
    }

    /// <summary>Of one band over one segment: the degraded envelope is brought to the clean one's energy and clipped first.</summary>
    private static double Correlation(double[,] clean, double[,] degraded, int band, int start)
    {
        Span<double> x = stackalloc double[SegmentFrames], y = stackalloc double[SegmentFrames];
        for (int i = 0; i < SegmentFrames; i++)
            (x[i], y[i]) = (clean[band, start + i], degraded[band, start + i]);
        double gain = TensorPrimitives.Norm<double>(x) / (TensorPrimitives.Norm<double>(y) + double.Epsilon);
        for (int i = 0; i < SegmentFrames; i++)
            y[i] = Math.Min(y[i] * gain, x[i] * s_clip);
        TensorPrimitives.Subtract(x, TensorPrimitives.Sum<double>(x) / SegmentFrames, x);
        TensorPrimitives.Subtract(y, TensorPrimitives.Sum<double>(y) / SegmentFrames, y);
        double norms = TensorPrimitives.Norm<double>(x) * TensorPrimitives.Norm<double>(y);
        return norms > 0 ? TensorPrimitives.Dot<double>(x, y) / norms : 0;
    }

    // The last frame that would just fit is left out, as the authors' code does.
    private static int FramesOf(int samples) => Math.Max(0, (samples - FrameSamples + HopSamples - 1) / HopSamples);

    private static float[] Window() =>
        [.. Enumerable.Range(1, FrameSamples).Select(n => (float)(0.5 - (0.5 * Math.Cos(2 * Math.PI * n / (FrameSamples + 1)))))];

    /// <summary>First bin of each third-octave band, and the bin behind the last.</summary>
    private static int[] BandEdges() =>
        [.. Enumerable.Range(0, Bands + 1).Select(k =>
            (int)Math.Round(LowestBandHz * Math.Pow(2, ((2 * k) - 1) / 6.0) * FftSamples / RateHz))];

    /// <summary>Cosine and sine of each bin that a band uses.</summary>
    private static float[][] Sinusoids() =>
        [.. Enumerable.Range(0, 2 * s_edges[^1]).Select(row => Enumerable.Range(0, FrameSamples).Select(n =>
        {
            double phase = 2 * Math.PI * (row / 2) * n / FftSamples;
            return (float)(row % 2 == 0 ? Math.Cos(phase) : Math.Sin(phase));
        }).ToArray())];
}
