namespace NrSer.Core.Models.Weights;

/// <summary>
/// The SNR-level block of yuwchen/NRSER, SNR/best: a transformer layer over the similarities of each frame, as it computes them for one recording.
/// </summary>
public static class NrserSnrLayout
{
    private const string Piece = "snr/transformer";

    /// <summary>Whether a checkpoint is such a one.</summary>
    /// <param name="names">Of its tensors.</param>
    public static bool Fits(IEnumerable<string> names) => names.Any(name => name.StartsWith("fusion_layer.", StringComparison.Ordinal));

    /// <summary>Makes an ONNX network of a checkpoint.</summary>
    /// <param name="checkpoint">SNR/best.</param>
    /// <param name="skeletons">Folder of the networks without weights.</param>
    /// <param name="onnxPath">Receives the graph.</param>
    /// <param name="weightsPath">Receives its weights; in the same folder.</param>
    /// <returns>SHA-256 of the weights' file.</returns>
    /// <exception cref="ModelException">The checkpoint does not fit, or is damaged.</exception>
    public static string Assemble(Checkpoint checkpoint, string skeletons, string onnxPath, string weightsPath)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        using var assembly = new NetworkAssembly(skeletons, checkpoint, name => name, new Dictionary<string, long>(), weightsPath);
        string[] outputs = assembly.Add(Piece, "", input: null);
        return assembly.Finish(onnxPath, Piece, outputs, _ => false);
    }
}
