namespace NrSer.Cli.Output;

/// <summary>One line of <c>nrser score</c>.</summary>
internal sealed record ScoreV1(string File, float Score, bool IsSpeech);
