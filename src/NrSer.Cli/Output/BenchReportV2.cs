using System.Text.Json.Serialization;

namespace NrSer.Cli.Output;

/// <summary>What <c>nrser bench</c> measured: real-time factors are seconds of work per second of audio.</summary>
/// <param name="AudioSeconds">Run through every stage.</param>
/// <param name="Threads">At work.</param>
/// <param name="Stages">In the order of the audio.</param>
/// <param name="Models">In the order of the audio.</param>
/// <param name="OutsideInferenceRtf">Of everything but the networks, whose time is shared out among the threads.</param>
/// <param name="TotalRtf">Of everything.</param>
/// <param name="TotalToInference">Time of everything by time of the raw sessions, if all threads were always in one.</param>
/// <param name="AudioHoursPerCoreHour">What one core gets through.</param>
/// <param name="PeakMemoryMiB">Of the process.</param>
/// <param name="LeftToEnhancer">In a cascade, the share of the audio that reached the chosen enhancer; null otherwise.</param>
internal sealed record BenchReportV2(
    double AudioSeconds, int Threads, IReadOnlyList<BenchStageV1> Stages, IReadOnlyList<BenchModelV1> Models, double OutsideInferenceRtf,
    double TotalRtf,
    double TotalToInference, double AudioHoursPerCoreHour, double PeakMemoryMiB,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? LeftToEnhancer = null);

/// <summary>One stage: its time, and how much of it was spent inside the networks.</summary>
internal sealed record BenchStageV1(string Stage, double Seconds, double Rtf, double InferenceSeconds);

/// <summary>One network alone.</summary>
/// <param name="Model">Name and version.</param>
/// <param name="Rtf">Seconds in its session per second of audio, added up over all threads.</param>
/// <param name="AudioHoursPerCoreHour">What one core gets through.</param>
/// <param name="MemoryMiB">By which loading and first running it made the process grow.</param>
internal sealed record BenchModelV1(string Model, double Rtf, double AudioHoursPerCoreHour, double MemoryMiB);
