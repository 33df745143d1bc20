namespace NrSer.Cli.Output;

/// <summary>What <c>nrser bench</c> measured: real-time factors are seconds of work per second of audio.</summary>
internal sealed record BenchReportV1(
    double AudioSeconds, double SpeechShare, int Threads, IReadOnlyList<BenchStageV1> Stages, double OutsideInferenceRtf, double TotalRtf, double PeakMemoryMiB);
