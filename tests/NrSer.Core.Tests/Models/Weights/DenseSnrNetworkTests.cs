using System.Security.Cryptography;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;
using NrSer.Testing;

namespace NrSer.Core.Tests.Models.Weights;

public sealed class DenseSnrNetworkTests
{
    [Fact]
    public void Write_Weights_ComputesTheirSum()
    {
        float[] weights = new float[402], rows = new float[2 * 402];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = i % 2 == 0 ? 0.5f : -0.25f;
            rows[i] = 1;
            rows[402 + i] = i < 2 ? 4 : 0;
        }

        using var catalog = new TestCatalog();
        string file = Path.Combine(Path.GetDirectoryName(catalog.Path)!, "mean-402.onnx");
        DenseSnrNetwork.Write(file, weights, bias: 0.125f);
        catalog["mean-402"]["sha256"] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
        using OnnxModel model = catalog.LoadModel("mean-402");
        float[] scores = new float[2];
        model.Run(rows, [2, 402], (scores.AsMemory(), [2]));
        Assert.Equal([(201 * 0.25f) + 0.125f, (4 * 0.25f) + 0.125f], scores); // exact in binary
    }

    [Fact]
    public void Write_TooFewWeights_Throws() => Assert.Throws<ArgumentException>(() => DenseSnrNetwork.Write("never", new float[401], 0));
}
