using NrSer.Core.Models;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Recordings;

/// <summary>What a stretch of a recording looks like on a screen of some width: its segments, or means over them where they are too many.</summary>
internal static class Timeline
{
    /// <summary>Aggregates.</summary>
    /// <param name="segments">Of one channel, in order of time.</param>
    /// <param name="from">Where it begins, s.</param>
    /// <param name="to">Where it ends, s.</param>
    /// <param name="cells">At most this many.</param>
    public static TimelineV1 Of(IReadOnlyList<Segment> segments, double from, double to, int cells)
    {
        int first = FirstEndingAfter(segments, from), count = 0;
        while (first + count < segments.Count && segments[first + count].StartSeconds < to)
            count++;
        var drawn = new List<TimelineCellV1>(Math.Min(count, cells));
        if (count <= cells)
        {
            for (int index = first; index < first + count; index++)
                drawn.Add(CellOf(segments[index].StartSeconds, segments[index].EndSeconds, segments, index, 1));
            return new TimelineV1(from, to, IsAggregated: false, drawn);
        }

        double width = (to - from) / cells;
        for (int cell = 0, index = first; cell < cells; cell++)
        {
            double start = from + (cell * width), end = start + width;
            while (index < first + count && segments[index].EndSeconds <= start)
                index++;
            int within = 0;
            while (index + within < first + count && segments[index + within].StartSeconds < end)
                within++;
            if (within > 0)
                drawn.Add(CellOf(start, end, segments, index, within));
        }

        return new TimelineV1(from, to, IsAggregated: true, drawn);
    }

    private static int FirstEndingAfter(IReadOnlyList<Segment> segments, double seconds)
    {
        int low = 0, high = segments.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = segments[middle].EndSeconds > seconds ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    /// <summary>Means weighted by how long each segment lasts within the cell; of emotions the one that lasts longest.</summary>
    private static TimelineCellV1 CellOf(double start, double end, IReadOnlyList<Segment> segments, int first, int count)
    {
        Mean score = default, weight = default, trust = default, arousal = default, valence = default;
        double speech = 0, reportable = 0, all = 0;
        Span<double> emotions = stackalloc double[EmotionVocabulary.Names.Count];
        emotions.Clear();
        for (int index = first; index < first + count; index++)
        {
            Segment segment = segments[index];
            double seconds = Math.Min(end, segment.EndSeconds) - Math.Max(start, segment.StartSeconds);
            all += seconds;
            score.Add(segment.SnrScore, seconds);
            weight.Add(segment.MixWeight, seconds);
            trust.Add(segment.Trust, seconds);
            arousal.Add(segment.Arousal, seconds);
            valence.Add(segment.Valence, seconds);
            speech += segment.IsSpeech ? seconds : 0;
            reportable += segment.IsReportable == true ? seconds : 0;
            int emotion = segment.Emotion is null ? -1 : IndexOf(segment.Emotion);
            if (emotion >= 0)
                emotions[emotion] += seconds;
        }

        int longest = 0;
        for (int emotion = 1; emotion < emotions.Length; emotion++)
            longest = emotions[emotion] > emotions[longest] ? emotion : longest;
        return new TimelineCellV1(
            Rounded(start), Rounded(end), score.Value, weight.Value, Rounded(speech / all), Rounded(reportable / all), trust.Value,
            emotions[longest] > 0 ? EmotionVocabulary.Names[longest] : null, emotions[longest] > 0 ? Rounded(emotions[longest] / speech) : null,
            arousal.Value, valence.Value);
    }

    private static int IndexOf(string emotion)
    {
        for (int index = 0; index < EmotionVocabulary.Names.Count; index++)
        {
            if (EmotionVocabulary.Names[index] == emotion)
                return index;
        }

        return -1;
    }

    private static double Rounded(double value) => Math.Round(value, 3);

    private struct Mean
    {
        private double _sum;
        private double _seconds;

        public readonly double? Value => _seconds > 0 ? Rounded(_sum / _seconds) : null;

        public void Add(float? value, double seconds)
        {
            if (value is not { } known)
                return;
            _sum += known * seconds;
            _seconds += seconds;
        }
    }
}

/// <summary>A stretch of a recording.</summary>
/// <param name="From">Where it begins, s.</param>
/// <param name="To">Where it ends, s.</param>
/// <param name="IsAggregated">Whether cells are means over several segments; otherwise each is a segment.</param>
/// <param name="Cells">In order of time.</param>
internal sealed record TimelineV1(double From, double To, bool IsAggregated, IReadOnlyList<TimelineCellV1> Cells);

/// <summary>A piece of it.</summary>
/// <param name="Start">Where it begins, s.</param>
/// <param name="End">Where it ends, s.</param>
/// <param name="Score">Mean S.</param>
/// <param name="Weight">Mean S′.</param>
/// <param name="Speech">Share that passed the gate.</param>
/// <param name="Reportable">Share that is reportable.</param>
/// <param name="Trust">Mean trust of what has one.</param>
/// <param name="Emotion">The emotion heard longest; null where none was.</param>
/// <param name="Share">Its share of the speech.</param>
/// <param name="Arousal">Mean, on the model's scale.</param>
/// <param name="Valence">Mean, on the model's scale.</param>
internal sealed record TimelineCellV1(
    double Start, double End, double? Score, double? Weight, double Speech, double Reportable, double? Trust, string? Emotion, double? Share,
    double? Arousal, double? Valence);
