namespace NrSer.Cli.Output;

/// <summary>The recording that was analysed.</summary>
internal sealed record AnalyzedRecordingV1(string File, double DurationSeconds, int SampleRateHz, int Channels, string Encoding, string Sha256);
