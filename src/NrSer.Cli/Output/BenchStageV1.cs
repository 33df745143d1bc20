namespace NrSer.Cli.Output;

/// <summary>One stage: its time, and how much of it was spent inside the networks.</summary>
internal sealed record BenchStageV1(string Stage, double Seconds, double Rtf, double InferenceSeconds);
