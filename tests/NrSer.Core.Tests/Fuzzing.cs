using System.Globalization;

namespace NrSer.Core.Tests;

/// <summary>What tests that change files at random have in common: how long they go on, and changes that leave a file as long as it was.</summary>
internal static class Fuzzing
{
    /// <summary>The first seed: <c>NRSER_FUZZ_SEED</c>, or 1.</summary>
    public static int FirstSeed => int.Parse(Setting("NRSER_FUZZ_SEED", "1"), CultureInfo.InvariantCulture);

    /// <summary>How long to go on at least: <c>NRSER_FUZZ_SECONDS</c>, or not at all.</summary>
    public static TimeSpan AtLeast => TimeSpan.FromSeconds(double.Parse(Setting("NRSER_FUZZ_SECONDS", "0"), CultureInfo.InvariantCulture));

    /// <summary>A seed for each run.</summary>
    /// <param name="variable">Says how many, if it is set.</param>
    /// <param name="defaultRuns">How many otherwise.</param>
    /// <param name="atLeast">How long to go on.</param>
    /// <param name="first">The first.</param>
    public static IEnumerable<int> Seeds(string variable, int defaultRuns, TimeSpan atLeast, int first)
    {
        int runs = int.Parse(Setting(variable, $"{defaultRuns}"), CultureInfo.InvariantCulture);
        long began = TimeProvider.System.GetTimestamp();
        for (int seed = first; seed < first + runs || TimeProvider.System.GetElapsedTime(began) < atLeast; seed++)
            yield return seed;
    }

    /// <summary>Puts another byte, turns a bit over, or writes bytes over others.</summary>
    /// <param name="file">Changed.</param>
    /// <param name="at">Where.</param>
    /// <param name="way">Which of the three, from 0; another is the caller's.</param>
    /// <param name="interesting">What to write.</param>
    /// <param name="random">Chance.</param>
    /// <returns>False for another way.</returns>
    public static bool TryChangeInPlace(List<byte> file, int at, int way, byte[] interesting, Random random)
    {
        switch (way)
        {
            case 0:
                file[at] = (byte)random.Next(256);
                return true;
            case 1:
                file[at] ^= (byte)(1 << random.Next(8));
                return true;
            case 2:
                for (int i = 0; i < interesting.Length && at + i < file.Count; i++)
                    file[at + i] = interesting[i];
                return true;
            default:
                return false;
        }
    }

    private static string Setting(string variable, string otherwise) => Environment.GetEnvironmentVariable(variable) ?? otherwise;
}
