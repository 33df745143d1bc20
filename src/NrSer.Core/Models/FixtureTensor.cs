using System.Runtime.InteropServices;

namespace NrSer.Core.Models;

/// <summary>A tensor in a fixture.</summary>
/// <param name="Shape">Its axes.</param>
/// <param name="Data">Its values, row by row: float32, little-endian, as Base64.</param>
/// <param name="Tolerance">Of an output: the largest difference that is no error. 0 for an input.</param>
public sealed record FixtureTensor(long[] Shape, string Data, double Tolerance = 0)
{
    private const int MaxLength = 1 << 26; // 256 MiB: a fixture is small

    /// <summary>How many values it has.</summary>
    /// <exception cref="ModelException">The shape makes no sense.</exception>
    internal int Length
    {
        get
        {
            long length = 1;
            foreach (long axis in Shape)
            {
                length = axis is > 0 and <= MaxLength && length * axis <= MaxLength
                    ? length * axis
                    : throw new ModelException($"A fixture cannot have the shape [{string.Join(", ", Shape)}].");
            }

            return (int)length;
        }
    }

    /// <summary>The values.</summary>
    /// <exception cref="ModelException">They are not as many as the shape says, or no Base64.</exception>
    internal float[] Values()
    {
        byte[] bytes = new byte[Length * sizeof(float)];
        if (!Convert.TryFromBase64String(Data, bytes, out int written) || written != bytes.Length)
            throw new ModelException($"A fixture's data do not fill the shape [{string.Join(", ", Shape)}] with float32.");
        return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }
}
