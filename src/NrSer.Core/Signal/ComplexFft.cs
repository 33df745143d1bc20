using System.Numerics;
using CommunityToolkit.HighPerformance.Buffers;

namespace NrSer.Core.Signal;

/// <summary>Many complex FFTs of one length at once, one per SIMD lane: mixed radix (Stockham, self-sorting).</summary>
/// <remarks>
/// Frames of an STFT all have the same length, so vectors run across frames and the butterflies need no shuffles:
/// <code>
///            lane 0   lane 1   …  lane V−1
/// re[0]      frame 0  frame 1  …  frame V−1     V = Vector&lt;float&gt;.Count
/// re[1]      …
/// </code>
/// Immutable after construction, so one instance serves all threads.
/// </remarks>
internal sealed class ComplexFft
{
    private const float HalfRoot3 = 0.8660254037844386f; // sin 60°
    private const float Cos72 = 0.30901699437494745f;
    private const float Cos144 = -0.8090169943749475f;
    private const float Sin72 = 0.9510565162951535f;
    private const float Sin144 = 0.5877852522924731f;

    private readonly Stage[] _stages;

    /// <param name="length">Points per transform: a product of 2, 3 and 5.</param>
    /// <exception cref="ArgumentException">The length has another prime factor, or is less than 1.</exception>
    public ComplexFft(int length)
    {
        Length = length;
        _stages = Plan(length);
    }

    public int Length { get; }

    /// <summary>X[k] = Σ x[n]·e^(−2πikn/N), in place.</summary>
    /// <param name="re">Real parts, [Length].</param>
    /// <param name="im">Imaginary parts, [Length]; swap the two for the (unscaled) inverse.</param>
    public void Forward(Span<Vector<float>> re, Span<Vector<float>> im)
    {
        using SpanOwner<Vector<float>> scratch = SpanOwner<Vector<float>>.Allocate(2 * Length);
        Span<Vector<float>> fromRe = re, fromIm = im, toRe = scratch.Span[..Length], toIm = scratch.Span[Length..];
        foreach (Stage stage in _stages)
        {
            switch (stage.Radix)
            {
                case 2: Radix2(stage, fromRe, fromIm, toRe, toIm); break;
                case 3: Radix3(stage, fromRe, fromIm, toRe, toIm); break;
                case 4: Radix4(stage, fromRe, fromIm, toRe, toIm); break;
                default: Radix5(stage, fromRe, fromIm, toRe, toIm); break;
            }

            Span<Vector<float>> usedRe = fromRe, usedIm = fromIm; // spans cannot be swapped as a tuple
            fromRe = toRe;
            fromIm = toIm;
            toRe = usedRe;
            toIm = usedIm;
        }

        if (_stages.Length % 2 == 1)
        {
            fromRe.CopyTo(re);
            fromIm.CopyTo(im);
        }
    }

    private static Stage[] Plan(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        var stages = new List<Stage>();
        int remaining = length, stride = 1;
        while (remaining > 1)
        {
            int radix = remaining % 4 == 0 ? 4 : remaining % 2 == 0 ? 2 : remaining % 3 == 0 ? 3 : 5;
            if (remaining % radix != 0)
                throw new ArgumentException($"An FFT of {length} points needs a length that is a product of 2, 3 and 5.", nameof(length));
            int groups = remaining / radix;
            var twiddleRe = new float[groups * radix];
            var twiddleIm = new float[groups * radix];
            for (int p = 0; p < groups; p++)
            {
                for (int j = 0; j < radix; j++)
                {
                    (double sine, double cosine) = Math.SinCos(-2 * Math.PI * p * j / remaining);
                    (twiddleRe[(p * radix) + j], twiddleIm[(p * radix) + j]) = ((float)cosine, (float)sine);
                }
            }

            stages.Add(new Stage(radix, groups, stride, twiddleRe, twiddleIm));
            remaining = groups;
            stride *= radix;
        }

        return [.. stages];
    }

    private static void Radix2(in Stage stage, Span<Vector<float>> re, Span<Vector<float>> im, Span<Vector<float>> outRe, Span<Vector<float>> outIm)
    {
        int s = stage.Stride, far = s * stage.Groups;
        for (int p = 0; p < stage.Groups; p++)
        {
            for (int q = 0; q < s; q++)
            {
                int i = (s * p) + q, o = (2 * s * p) + q;
                Vector<float> ar = re[i], ai = im[i], br = re[i + far], bi = im[i + far];
                outRe[o] = ar + br;
                outIm[o] = ai + bi;
                stage.Store(outRe, outIm, o + s, (2 * p) + 1, ar - br, ai - bi);
            }
        }
    }

    private static void Radix3(in Stage stage, Span<Vector<float>> re, Span<Vector<float>> im, Span<Vector<float>> outRe, Span<Vector<float>> outIm)
    {
        int s = stage.Stride, far = s * stage.Groups;
        for (int p = 0; p < stage.Groups; p++)
        {
            for (int q = 0; q < s; q++)
            {
                int i = (s * p) + q, o = (3 * s * p) + q;
                Vector<float> sumRe = re[i + far] + re[i + (2 * far)], sumIm = im[i + far] + im[i + (2 * far)];
                Vector<float> turnRe = HalfRoot3 * (re[i + far] - re[i + (2 * far)]), turnIm = HalfRoot3 * (im[i + far] - im[i + (2 * far)]);
                Vector<float> midRe = re[i] - (0.5f * sumRe), midIm = im[i] - (0.5f * sumIm);
                outRe[o] = re[i] + sumRe;
                outIm[o] = im[i] + sumIm;
                stage.Store(outRe, outIm, o + s, (3 * p) + 1, midRe + turnIm, midIm - turnRe);
                stage.Store(outRe, outIm, o + (2 * s), (3 * p) + 2, midRe - turnIm, midIm + turnRe);
            }
        }
    }

    private static void Radix4(in Stage stage, Span<Vector<float>> re, Span<Vector<float>> im, Span<Vector<float>> outRe, Span<Vector<float>> outIm)
    {
        int s = stage.Stride, far = s * stage.Groups;
        for (int p = 0; p < stage.Groups; p++)
        {
            for (int q = 0; q < s; q++)
            {
                int i = (s * p) + q, o = (4 * s * p) + q;
                Vector<float> ar = re[i], br = re[i + far], cr = re[i + (2 * far)], dr = re[i + (3 * far)];
                Vector<float> ai = im[i], bi = im[i + far], ci = im[i + (2 * far)], di = im[i + (3 * far)];
                Vector<float> acr = ar + cr, aci = ai + ci, bdr = br + dr, bdi = bi + di;
                Vector<float> dacr = ar - cr, daci = ai - ci, dbdr = br - dr, dbdi = bi - di;
                outRe[o] = acr + bdr;
                outIm[o] = aci + bdi;
                stage.Store(outRe, outIm, o + s, (4 * p) + 1, dacr + dbdi, daci - dbdr);
                stage.Store(outRe, outIm, o + (2 * s), (4 * p) + 2, acr - bdr, aci - bdi);
                stage.Store(outRe, outIm, o + (3 * s), (4 * p) + 3, dacr - dbdi, daci + dbdr);
            }
        }
    }

    private static void Radix5(in Stage stage, Span<Vector<float>> re, Span<Vector<float>> im, Span<Vector<float>> outRe, Span<Vector<float>> outIm)
    {
        int s = stage.Stride, far = s * stage.Groups;
        for (int p = 0; p < stage.Groups; p++)
        {
            for (int q = 0; q < s; q++)
            {
                int i = (s * p) + q, o = (5 * s * p) + q;
                Vector<float> ar = re[i], ai = im[i];
                Vector<float> beR = re[i + far] + re[i + (4 * far)], beI = im[i + far] + im[i + (4 * far)];
                Vector<float> cdR = re[i + (2 * far)] + re[i + (3 * far)], cdI = im[i + (2 * far)] + im[i + (3 * far)];
                Vector<float> dbeR = re[i + far] - re[i + (4 * far)], dbeI = im[i + far] - im[i + (4 * far)];
                Vector<float> dcdR = re[i + (2 * far)] - re[i + (3 * far)], dcdI = im[i + (2 * far)] - im[i + (3 * far)];
                Vector<float> mid1R = ar + (Cos72 * beR) + (Cos144 * cdR), mid1I = ai + (Cos72 * beI) + (Cos144 * cdI);
                Vector<float> mid2R = ar + (Cos144 * beR) + (Cos72 * cdR), mid2I = ai + (Cos144 * beI) + (Cos72 * cdI);
                Vector<float> turn1R = (Sin72 * dbeR) + (Sin144 * dcdR), turn1I = (Sin72 * dbeI) + (Sin144 * dcdI);
                Vector<float> turn2R = (Sin144 * dbeR) - (Sin72 * dcdR), turn2I = (Sin144 * dbeI) - (Sin72 * dcdI);
                outRe[o] = ar + beR + cdR;
                outIm[o] = ai + beI + cdI;
                stage.Store(outRe, outIm, o + s, (5 * p) + 1, mid1R + turn1I, mid1I - turn1R);
                stage.Store(outRe, outIm, o + (2 * s), (5 * p) + 2, mid2R + turn2I, mid2I - turn2R);
                stage.Store(outRe, outIm, o + (3 * s), (5 * p) + 3, mid2R - turn2I, mid2I + turn2R);
                stage.Store(outRe, outIm, o + (4 * s), (5 * p) + 4, mid1R - turn1I, mid1I + turn1R);
            }
        }
    }

    /// <summary>One pass over all points: <c>Groups</c> twiddle groups of butterflies, each repeated <c>Stride</c> times.</summary>
    private readonly record struct Stage(int Radix, int Groups, int Stride, float[] TwiddleRe, float[] TwiddleIm)
    {
        /// <summary>Turns (re, im) by twiddle <paramref name="t"/> and stores it.</summary>
        public void Store(Span<Vector<float>> outRe, Span<Vector<float>> outIm, int o, int t, Vector<float> re, Vector<float> im)
        {
            Vector<float> wr = new(TwiddleRe[t]), wi = new(TwiddleIm[t]);
            outRe[o] = (re * wr) - (im * wi);
            outIm[o] = (re * wi) + (im * wr);
        }
    }
}
