namespace NrSer.Cli.Output;

/// <summary>One network alone.</summary>
/// <param name="Model">Name and version.</param>
/// <param name="Rtf">Seconds in its session per second of audio, added up over all threads.</param>
/// <param name="AudioHoursPerCoreHour">What one core gets through.</param>
/// <param name="MemoryMiB">By which loading and first running it made the process grow.</param>
internal sealed record BenchModelV1(string Model, double Rtf, double AudioHoursPerCoreHour, double MemoryMiB);
