namespace NrSer.Cli.Output;

/// <summary>One line of <c>nrser score</c>.</summary>
internal sealed record ScoreV1(string File, float Score, bool IsSpeech);

/// <summary>One line of <c>nrser score --segments</c>.</summary>
internal sealed record ScoreTimelineV1(string File, double StartSeconds, double EndSeconds, float Score, bool IsSpeech);
