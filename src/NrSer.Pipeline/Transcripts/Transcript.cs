using NrSer.Pipeline.Results;

namespace NrSer.Pipeline.Transcripts;

/// <summary>A publisher's transcript: what was said when.</summary>
/// <param name="cues">At least one, in order of time.</param>
public sealed class Transcript(IReadOnlyList<TranscriptCue> cues)
{
    private const int MaxChars = 2000; // of a segment: at most 10 s, of which a fast speaker makes 300; a table's cell takes 32 Ki
    private const double SecondsPerMinute = 60; // a second a minute: what players, encoders and publishers round differently stays far below

    /// <summary>In order of time.</summary>
    public IReadOnlyList<TranscriptCue> Cues => cues;

    /// <summary>Whether its times can be those of a recording: inserted advertisements shift everything behind them.</summary>
    /// <param name="recording">As it was decoded.</param>
    /// <returns>False where the length that its publisher declares and that of the audio differ by more than a second a minute, where either is not
    /// known, and where the transcript goes on behind the recording's end.</returns>
    public bool Fits(Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return recording is { DeclaredSeconds: { } declared, DurationSeconds: { } decoded }
            && Math.Abs(declared - decoded) <= decoded / SecondsPerMinute
            && cues.Max(cue => cue.EndSeconds) <= decoded + (decoded / SecondsPerMinute);
    }

    /// <summary>Gives each segment the words that were said in it; words that reach into several belong to the one with most of them.</summary>
    /// <param name="segments">Of any channels, in order of channel and time.</param>
    public IReadOnlyList<Segment> Join(IReadOnlyList<Segment> segments)
    {
        ArgumentNullException.ThrowIfNull(segments);
        var said = new List<string>?[segments.Count];
        for (int first = 0, next; first < segments.Count; first = next)
        {
            next = first;
            while (next < segments.Count && segments[next].Channel == segments[first].Channel)
                next++;
            JoinChannel(segments, first, next, said);
        }

        return [.. segments.Select((segment, at) => said[at] is { } words ? segment with { Text = Cut(string.Join(' ', words)) } : segment)];
    }

    private void JoinChannel(IReadOnlyList<Segment> segments, int first, int next, List<string>?[] said)
    {
        int from = first;
        foreach (TranscriptCue cue in cues)
        {
            while (from < next && segments[from].EndSeconds <= cue.StartSeconds)
                from++; // cues are in order: none of the others reaches back
            (int Segment, double Seconds) most = (-1, 0);
            for (int at = from; at < next && segments[at].StartSeconds < cue.EndSeconds; at++)
            {
                double shared = Math.Min(segments[at].EndSeconds, cue.EndSeconds) - Math.Max(segments[at].StartSeconds, cue.StartSeconds);
                most = shared > most.Seconds ? (at, shared) : most;
            }

            if (most.Segment >= 0)
                (said[most.Segment] ??= []).Add(cue.Text);
        }
    }

    private static string Cut(string text) => text.Length <= MaxChars ? text
        : text[..(char.IsHighSurrogate(text[MaxChars - 1]) ? MaxChars - 1 : MaxChars)];
}
