namespace NrSer.Core.Models.Weights;

/// <summary>A tensor at hand: of a checkpoint, or of what a configuration decides.</summary>
/// <param name="Shape">Its axes.</param>
/// <param name="Floats">Its values row by row; empty where they are whole numbers.</param>
/// <param name="Integers">Whole numbers, or null.</param>
internal sealed record WeightValues(long[] Shape, Memory<float> Floats, long[]? Integers = null)
{
    /// <summary>One number.</summary>
    public static WeightValues Of(float value) => new([], new[] { value });

    /// <summary>A list of whole numbers.</summary>
    public static WeightValues Of(params long[] values) => new([values.Length], Memory<float>.Empty, values);
}
