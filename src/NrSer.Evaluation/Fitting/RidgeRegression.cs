using MathNet.Numerics.LinearAlgebra;

namespace NrSer.Evaluation.Fitting;

/// <summary>Linear regression with a penalty on the squares of its weights, in closed form; the bias is free.</summary>
/// <remarks>
/// argmin over w, b of |Xw + b − t|² + λ·|w|². With columns and targets centred, w = (XᵀX + λI)⁻¹ Xᵀt, solved by Cholesky's decomposition: with λ
/// above 0 the matrix is positive definite, however few rows there are. Products are made once for all λ.
/// </remarks>
internal sealed class RidgeRegression
{
    private readonly Matrix<double> _products; // XᵀX, centred
    private readonly Vector<double> _answers; // Xᵀt, centred
    private readonly Vector<double> _centre;
    private readonly double _mean;

    /// <param name="rows">X, each as long as the others.</param>
    /// <param name="targets">t, one for each row.</param>
    public RidgeRegression(IReadOnlyList<float[]> rows, IReadOnlyList<double> targets)
    {
        Matrix<double> inputs = Matrix<double>.Build.Dense(rows.Count, rows[0].Length, (row, column) => rows[row][column]);
        _centre = inputs.ColumnSums() / rows.Count;
        _mean = targets.Average();
        for (int row = 0; row < rows.Count; row++)
            inputs.SetRow(row, inputs.Row(row) - _centre);
        _products = inputs.TransposeThisAndMultiply(inputs);
        _answers = inputs.TransposeThisAndMultiply(Vector<double>.Build.Dense(rows.Count, row => targets[row] - _mean));
    }

    /// <summary>The best weights under a penalty.</summary>
    /// <param name="penalty">λ, above 0.</param>
    public (double[] Weights, double Bias) Solve(double penalty)
    {
        Matrix<double> penalised = _products.Clone();
        for (int i = 0; i < penalised.RowCount; i++)
            penalised[i, i] += penalty;
        Vector<double> weights = penalised.Cholesky().Solve(_answers);
        return (weights.ToArray(), _mean - (_centre * weights));
    }
}
