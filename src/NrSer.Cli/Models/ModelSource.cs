namespace NrSer.Cli.Models;

/// <summary>Where the files of a model come from, and what is known of them before they are here.</summary>
/// <param name="Id">What it is called there: <c>owner/name</c>, a folder, or an address.</param>
/// <param name="Layout">What kind of network its checkpoint holds.</param>
/// <param name="Licence">Of the weights, as its makers state it.</param>
/// <param name="Source">As results and listings name it.</param>
/// <param name="Revision">The state of the repository that its files belong to; null where there is none.</param>
/// <param name="Files">What has to be fetched. The first is the checkpoint.</param>
internal sealed record ModelSource(
    string Id, ModelLayout Layout, string Licence, string Source, string? Revision, IReadOnlyList<SourceFile> Files)
{
    /// <summary>Shortest and longest input that it was trained on, in seconds, where the user says so.</summary>
    public (double Shortest, double Longest)? TrainedSeconds { get; init; }

    /// <summary>Whether its source was asked for it now; otherwise it is what was first seen of it.</summary>
    public bool IsNew { get; init; }

    /// <summary>How many values the checkpoint holds, if its source tells.</summary>
    public long? Parameters { get; init; }

    /// <summary>Bytes of the weights that are made of it, float32 whatever the checkpoint stores; the checkpoint's if nobody tells.</summary>
    public long WeightBytes => Parameters * sizeof(float) ?? Checkpoint.Bytes ?? 0;

    /// <summary>Of an SNR-level block, the enhancer it was trained with, <c>name@version</c>.</summary>
    public string? Enhancer { get; init; }

    /// <summary>What labels stand for, where the user says so; null for no emotion.</summary>
    public IReadOnlyDictionary<string, string?> Vocabulary { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>Lowest and highest rating, where the user says so.</summary>
    public (double Lowest, double Highest)? Scale { get; init; }

    /// <summary>The checkpoint.</summary>
    public SourceFile Checkpoint => Files[0];

    /// <summary>Bytes in all, as far as they are known.</summary>
    public long Bytes => Files.Sum(file => file.Bytes ?? 0);
}

/// <summary>A file of a model.</summary>
/// <param name="Name">Its name here.</param>
/// <param name="Place">An address, or a file.</param>
/// <param name="Bytes">Its length, if it is known.</param>
/// <param name="Sha256">Its hash, lower-case hex, if its source told it or it was seen before.</param>
/// <param name="IsExact">Whether it has to be just as long.</param>
internal sealed record SourceFile(string Name, Uri Place, long? Bytes = null, string? Sha256 = null, bool IsExact = true);

/// <summary>The published layouts of checkpoints that networks are made of here.</summary>
internal enum ModelLayout
{
    /// <summary>CMGAN's generator.</summary>
    Cmgan,

    /// <summary>A folder of Hugging Face with a HuBERT or wav2vec 2.0 for categories.</summary>
    Hubert,

    /// <summary>NRSER's emotion block: HuBERT with heads for categories, arousal, valence and dominance.</summary>
    NrserEmotion,

    /// <summary>NRSER's SNR-level block.</summary>
    NrserSnr,
}
