namespace NrSer.Core.Models;

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
