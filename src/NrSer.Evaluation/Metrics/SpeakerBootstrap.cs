namespace NrSer.Evaluation.Metrics;

/// <summary>Intervals of any statistic by drawing speakers, not items, with replacement: utterances of one speaker are not independent.</summary>
/// <remarks>
/// Percentile bootstrap over clusters (Davison and Hinkley 1997, section 3.8). A paired difference is a statistic like any other: it
/// computes both sides on the same draw.
/// </remarks>
public sealed class SpeakerBootstrap
{
    private const int Draws = 2000; // the ends of a 95 % interval then rest on 50 draws each
    private const double Tail = 0.025;

    private readonly int[][] _speakers;
    private readonly int _seed;

    /// <param name="speakers">Who speaks in each item.</param>
    /// <param name="seed">The same seed draws the same speakers.</param>
    public SpeakerBootstrap(IEnumerable<string> speakers, int seed)
    {
        _speakers = [.. speakers.Select((speaker, item) => (speaker, item)).GroupBy(pair => pair.speaker, pair => pair.item, StringComparer.Ordinal)
            .Select(group => group.ToArray())];
        _seed = seed;
    }

    /// <summary>The statistic over all items, with its 95 % interval.</summary>
    /// <param name="statistic">Computes it from a list of items, some of which come several times. Draws that give NaN are left out.</param>
    public Interval Estimate(Func<int[], double> statistic)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        double estimate = statistic([.. _speakers.SelectMany(items => items).Order()]);
        if (_speakers.Length < 2)
            return new Interval(estimate, double.NaN, double.NaN);
        var random = new Random(_seed);
        var drawn = new List<double>(Draws);
        for (int draw = 0; draw < Draws; draw++)
        {
            double value = statistic([.. Enumerable.Range(0, _speakers.Length).SelectMany(_ => _speakers[random.Next(_speakers.Length)])]);
            if (!double.IsNaN(value))
                drawn.Add(value);
        }

        drawn.Sort();
        return drawn.Count == 0
            ? new Interval(estimate, double.NaN, double.NaN)
            : new Interval(estimate, drawn[(int)(Tail * (drawn.Count - 1))], drawn[(int)Math.Ceiling((1 - Tail) * (drawn.Count - 1))]);
    }
}
