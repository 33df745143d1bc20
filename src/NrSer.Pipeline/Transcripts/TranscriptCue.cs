namespace NrSer.Pipeline.Transcripts;

/// <summary>Something that was said.</summary>
/// <param name="StartSeconds">From the recording's start.</param>
/// <param name="EndSeconds">Later than that.</param>
/// <param name="Text">The words, on one line.</param>
public readonly record struct TranscriptCue(double StartSeconds, double EndSeconds, string Text);
