using System.Numerics.Tensors;
using CommunityToolkit.HighPerformance.Buffers;

namespace NrSer.Core.Models.Weights;

/// <summary>The generator of CMGAN (arXiv 2203.15149) as published: 64 channels, four two-stage conformers, blocks of two seconds.</summary>
public static class CmganLayout
{
    /// <summary>Samples of a frame, 25 ms at 16 kHz.</summary>
    public const int FftSamples = 400;

    /// <summary>Samples from one frame to the next.</summary>
    public const int HopSamples = 100;

    /// <summary>Samples of a block, two seconds, as published; the networks without weights are made for it.</summary>
    public const int BlockSamples = 32_000;

    /// <summary>Frames of a block.</summary>
    public const int Frames = 1 + (BlockSamples / HopSamples);

    /// <summary>Bins of a frame.</summary>
    public const int Bins = 1 + (FftSamples / 2);

    private const string Wrapper = "se_model."; // NRSER's checkpoints hold the same network under this name

    /// <summary>Makes an ONNX network of a checkpoint.</summary>
    /// <param name="checkpoint">src/best_ckpt/ckpt of ruizhecao96/CMGAN, or SE/best of yuwchen/NRSER.</param>
    /// <param name="skeletons">Folder of the networks without weights.</param>
    /// <param name="onnxPath">Receives the graph.</param>
    /// <param name="weightsPath">Receives its weights; in the same folder.</param>
    /// <returns>SHA-256 of the weights' file.</returns>
    /// <exception cref="ModelException">The checkpoint does not fit, or is damaged.</exception>
    public static string Assemble(Checkpoint checkpoint, string skeletons, string onnxPath, string weightsPath)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        bool isWrapped = checkpoint.Tensors.Keys.All(name => name.StartsWith(Wrapper, StringComparison.Ordinal));
        string piece = IsSteep(checkpoint) ? "cmgan/cmgan-steep" : "cmgan/cmgan";
        using var assembly = new NetworkAssembly(
            skeletons, checkpoint, name => isWrapped ? Wrapper + name : name, new Dictionary<string, long>(), weightsPath);
        string[] outputs = assembly.Add(piece, "", input: null);
        return assembly.Finish(onnxPath, piece, outputs, name => name.EndsWith(".num_batches_tracked", StringComparison.Ordinal));
    }

    /// <summary>PReLU is the larger of x and a·x only where no a exceeds 1; otherwise the network has another form.</summary>
    private static bool IsSteep(Checkpoint checkpoint)
    {
        foreach (StoredTensor tensor in checkpoint.Tensors.Values.Where(tensor => IsSlope(tensor.Name)))
        {
            using MemoryOwner<float> slopes = checkpoint.Read(tensor);
            if (slopes.Length > 0 && TensorPrimitives.Max<float>(slopes.Span) > 1)
                return true;
        }

        return false;

        static bool IsSlope(string name) => name.EndsWith(".weight", StringComparison.Ordinal)
            && name.Split('.').Any(part => part.StartsWith("prelu", StringComparison.Ordinal))
            || name.EndsWith("conv_1.2.weight", StringComparison.Ordinal) || name.EndsWith("conv_2.2.weight", StringComparison.Ordinal);
    }
}
