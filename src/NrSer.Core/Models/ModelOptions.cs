using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Core.Models;

/// <summary>Which models run, and on what.</summary>
public sealed class ModelOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Models";

    /// <summary>A catalogue other than the one beside the program.</summary>
    [Required] public string CatalogPath { get; init; } = Path.Combine(AppContext.BaseDirectory, "models", "catalog.json");

    /// <summary>Folder of models that were installed besides, with a catalogue of its own whose defaults count more; null for none.</summary>
    public string? InstalledPath { get; init; }

    /// <summary>Name of the enhancer; null takes the catalogue's default.</summary>
    public string? Enhancer { get; init; }

    /// <summary>Name of the SNR-level block; null takes the catalogue's default.</summary>
    public string? SnrLevel { get; init; }

    /// <summary>Name of the emotion model; null takes the catalogue's default.</summary>
    public string? Emotion { get; init; }

    /// <summary>
    /// Whether the program's own enhancer and SNR-level block hear everything first, and the chosen enhancer only what they call speech that is not
    /// clean. With the program's own chosen it changes nothing.
    /// </summary>
    public bool Cascade { get; init; }

    /// <summary>Where networks run.</summary>
    public ExecutionProvider ExecutionProvider { get; init; } = ExecutionProvider.Cpu;

    /// <summary>How CUDA is used, where it is.</summary>
    public CudaOptions Cuda { get; init; } = new();

    /// <summary>Threads for inference: 1 to 256, or 0 for as many as the process may use (a container's CPU quota counts).</summary>
    [Range(0, 256)] public int Threads { get; init; }

    /// <summary><see cref="Threads"/> with 0 resolved.</summary>
    public int EffectiveThreads => Threads > 0 ? Threads : Environment.ProcessorCount;
}

[OptionsValidator]
internal sealed partial class ModelOptionsValidator : IValidateOptions<ModelOptions>;

/// <summary>Where networks run.</summary>
public enum ExecutionProvider
{
    /// <summary>CUDA where it is there, else the CPU, said once in the log.</summary>
    Auto,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>CUDA; start-up fails where it is missing.</summary>
    Cuda,
}
