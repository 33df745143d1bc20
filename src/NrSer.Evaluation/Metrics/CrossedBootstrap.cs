namespace NrSer.Evaluation.Metrics;

/// <summary>
/// Intervals of any statistic by drawing speakers and noises, not items, with replacement: neither the utterances of one speaker nor the mixtures
/// with one noise are independent.
/// </summary>
/// <remarks>
/// Percentile bootstrap over two crossed factors (Owen 2007, "The pigeonhole bootstrap"): an item counts as often as its speaker was drawn, times as
/// often as its noise was. It errs on the wide side. A paired difference is a statistic like any other: it computes both sides on the same draw.
/// </remarks>
public sealed class CrossedBootstrap
{
    /// <summary>With fewer speakers there is no interval: their draws would tell of these alone.</summary>
    public const int LeastSpeakers = 8;

    private const int Draws = 2000; // the ends of a 95 % interval then rest on 50 draws each
    private const double Tail = 0.025;

    private readonly int[] _speakers; // of each item: which one
    private readonly int[] _noises; // of each item: which one, or −1
    private readonly int _seed;

    /// <param name="items">Who speaks in each item, and in which noise; null without noise.</param>
    /// <param name="seed">The same seed draws the same.</param>
    public CrossedBootstrap(IEnumerable<(string Speaker, string? Noise)> items, int seed)
    {
        (string Speaker, string? Noise)[] all = [.. items];
        _speakers = Numbered([.. all.Select(item => item.Speaker)]);
        _noises = Numbered([.. all.Select(item => item.Noise)]);
        _seed = seed;
    }

    /// <summary>The statistic over all items, with its 95 % interval.</summary>
    /// <param name="statistic">Computes it from a list of items, some of which come several times. Draws that give NaN are left out.</param>
    public Interval Estimate(Func<int[], double> statistic)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        double estimate = statistic([.. Enumerable.Range(0, _speakers.Length)]);
        int speakers = _speakers.DefaultIfEmpty(-1).Max() + 1, noises = _noises.DefaultIfEmpty(-1).Max() + 1;
        var none = new Interval(estimate, double.NaN, double.NaN, speakers);
        if (speakers < LeastSpeakers)
            return none;
        var random = new Random(_seed);
        var drawn = new List<double>(Draws);
        var items = new List<int>();
        for (int draw = 0; draw < Draws; draw++)
        {
            int[] ofSpeaker = Times(random, speakers), ofNoise = Times(random, noises);
            items.Clear();
            for (int i = 0; i < _speakers.Length; i++)
            {
                for (int times = ofSpeaker[_speakers[i]] * (_noises[i] < 0 ? 1 : ofNoise[_noises[i]]); times > 0; times--)
                    items.Add(i);
            }

            double value = items.Count > 0 ? statistic([.. items]) : double.NaN;
            if (!double.IsNaN(value))
                drawn.Add(value);
        }

        drawn.Sort();
        return drawn.Count == 0 ? none
            : none with { Low = drawn[(int)(Tail * (drawn.Count - 1))], High = drawn[(int)Math.Ceiling((1 - Tail) * (drawn.Count - 1))] };
    }

    /// <summary>How often each of so many is drawn in as many draws.</summary>
    private static int[] Times(Random random, int count)
    {
        var times = new int[count];
        for (int i = 0; i < count; i++)
            times[random.Next(count)]++;
        return times;
    }

    /// <summary>Numbers from 0 up in the order of first sight, and −1 for null.</summary>
    private static int[] Numbered(string?[] names)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        return [.. names.Select(name => name is null ? -1 : numbers.TryGetValue(name, out int known) ? known : numbers[name] = numbers.Count)];
    }
}
