namespace NrSer.Core.Models.Weights;

/// <summary>A tensor in a checkpoint: what a file says of it, checked against the file.</summary>
/// <param name="Name">Its name in the checkpoint.</param>
/// <param name="Type">How its values are stored.</param>
/// <param name="Shape">Its axes; none for a single value.</param>
/// <param name="Strides">Values from one to the next along each axis, in its storage.</param>
/// <param name="First">Value of its storage that it begins with.</param>
/// <param name="Storage">Where its storage is: an entry of an archive; empty where a file has but one.</param>
public sealed record StoredTensor(
    string Name, StoredType Type, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides, long First, string Storage = "")
{
    /// <summary>Of any tensor: half a GiB of float32. The largest of HuBERT X-Large has 7 million.</summary>
    internal const long MostValues = 1 << 27;

    /// <summary>How many values it has.</summary>
    public int Count => (int)Shape.Aggregate(1L, (product, axis) => product * axis);

    /// <summary>Values of its storage from its first to its last, both included.</summary>
    public long Reach => Count == 0 ? 0 : 1 + Shape.Zip(Strides, (axis, stride) => (axis - 1) * stride).Sum();

    /// <summary>Whether its values follow each other row by row.</summary>
    public bool IsContiguous => Strides.SequenceEqual(RowByRow(Shape));

    /// <summary>Strides of values that follow each other row by row.</summary>
    /// <param name="shape">The axes.</param>
    public static long[] RowByRow(IReadOnlyList<long> shape)
    {
        long[] strides = new long[shape.Count];
        long next = 1;
        for (int axis = shape.Count - 1; axis >= 0; axis--)
        {
            strides[axis] = next;
            next *= Math.Max(1, shape[axis]);
        }

        return strides;
    }

    /// <summary>How many values a shape has, if it is one that can be.</summary>
    /// <param name="shape">What a file says.</param>
    /// <returns>Null where an axis is negative or there are more values than any network's tensor has.</returns>
    internal static long? CountOf(IReadOnlyList<long> shape)
    {
        long count = 1;
        foreach (long axis in shape)
        {
            if (axis is < 0 or > MostValues || (count *= axis) > MostValues)
                return null;
        }

        return shape.Count <= 8 ? count : null;
    }
}

/// <summary>How values are stored.</summary>
public enum StoredType
{
    /// <summary>IEEE 754, 32 bits.</summary>
    F32,

    /// <summary>IEEE 754, 16 bits.</summary>
    F16,

    /// <summary>The upper half of a float of 32 bits.</summary>
    BF16,

    /// <summary>IEEE 754, 64 bits.</summary>
    F64,

    /// <summary>Counters and the like; networks here have no weights of whole numbers.</summary>
    I64,

    /// <summary>The same in 32 bits.</summary>
    I32,

    /// <summary>The same in 16 bits.</summary>
    I16,

    /// <summary>The same in 8 bits.</summary>
    I8,

    /// <summary>Bytes, or truth values.</summary>
    U8,
}
