using System.Numerics.Tensors;
using CommunityToolkit.HighPerformance.Buffers;

namespace NrSer.Core.Signal;

/// <summary>|X|^p with the phase kept: networks see quiet and loud parts on one scale.</summary>
/// <remarks>arXiv 2309.01164 takes this from CMGAN, with p = 0.3. Spectra are real and imaginary parts of equal length, changed in place.</remarks>
public static class PowerCompression
{
    private const float SmallestPower = 1e-18f; // |X| = 1e-9, far below any quantisation step, keeps log and division finite

    /// <summary>X·|X|^(p − 1).</summary>
    /// <param name="re">Real parts.</param>
    /// <param name="im">Imaginary parts.</param>
    /// <param name="exponent">p, in (0, 1]; 1 changes nothing.</param>
    /// <exception cref="ArgumentException">The lengths differ or the exponent is out of range.</exception>
    public static void Compress(Span<float> re, Span<float> im, float exponent) => Scale(re, im, Checked(exponent) - 1);

    /// <summary>Y·|Y|^(1/p − 1), the inverse of <see cref="Compress"/>.</summary>
    /// <param name="re">Real parts.</param>
    /// <param name="im">Imaginary parts.</param>
    /// <param name="exponent">p, in (0, 1]; 1 changes nothing.</param>
    /// <exception cref="ArgumentException">The lengths differ or the exponent is out of range.</exception>
    public static void Expand(Span<float> re, Span<float> im, float exponent) => Scale(re, im, (1 / Checked(exponent)) - 1);

    private static void Scale(Span<float> re, Span<float> im, float power)
    {
        if (re.Length != im.Length)
            throw new ArgumentException($"{re.Length} real parts do not match {im.Length} imaginary parts.", nameof(im));
        if (power == 0)
            return;
        using SpanOwner<float> owner = SpanOwner<float>.Allocate(re.Length);
        Span<float> gain = owner.Span;
        TensorPrimitives.Multiply(re, re, gain);
        TensorPrimitives.MultiplyAdd(im, im, gain, gain);
        TensorPrimitives.Max(gain, SmallestPower, gain);
        TensorPrimitives.Log(gain, gain);
        TensorPrimitives.Multiply(gain, power / 2, gain);
        TensorPrimitives.Exp(gain, gain);
        TensorPrimitives.Multiply(re, gain, re);
        TensorPrimitives.Multiply(im, gain, im);
    }

    private static float Checked(float exponent) => exponent is > 0 and <= 1
        ? exponent
        : throw new ArgumentOutOfRangeException(nameof(exponent), exponent, "A compression exponent lies in (0, 1].");
}
