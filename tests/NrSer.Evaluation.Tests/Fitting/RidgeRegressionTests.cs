using NrSer.Evaluation.Fitting;

namespace NrSer.Evaluation.Tests.Fitting;

public sealed class RidgeRegressionTests
{
    // Minimises (w + b)² + (−w + b − 1)² + λ·w²: b = 1/2, and (2 + λ)·w = −1.
    [Theory]
    [InlineData(2.0, -0.25)]
    [InlineData(1e-9, -0.5)]
    public void Solve_OneColumn_IsTheValueByHand(double penalty, double weight)
    {
        (double[] weights, double bias) = new RidgeRegression([[1f], [-1f]], [0, 1]).Solve(penalty);
        Assert.Equal(weight, Assert.Single(weights), 1e-8);
        Assert.Equal(0.5, bias, 1e-12);
    }

    // At the minimum the gradient vanishes: Xᵀ(Xw + b − t) + λ·w = 0, and Σ(Xw + b − t) = 0; also with fewer rows than columns.
    [Theory]
    [InlineData(60, 20, 1e-4)]
    [InlineData(20, 60, 1e-4)]
    [InlineData(20, 60, 1e3)]
    public void Solve_AnyShape_IsAtTheMinimum(int rows, int columns, double penalty)
    {
        var random = new Random(7);
        float[][] inputs = [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => 3 + random.NextSingle()).ToArray())];
        double[] targets = [.. Enumerable.Range(0, rows).Select(_ => (double)random.Next(2))];
        (double[] weights, double bias) = new RidgeRegression(inputs, targets).Solve(penalty);
        double[] left = [.. inputs.Zip(targets, (row, target) => row.Zip(weights, (x, w) => x * w).Sum() + bias - target)];
        Assert.Equal(0, left.Sum(), 1e-8);
        for (int column = 0; column < columns; column++)
            Assert.Equal(0, left.Zip(inputs, (error, row) => error * row[column]).Sum() + (penalty * weights[column]), 1e-7);
    }
}
