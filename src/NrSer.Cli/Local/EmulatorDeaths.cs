namespace NrSer.Cli.Local;

/// <summary>Tells an emulator that dies now and then from one that cannot live: a disk is full, or its data is damaged.</summary>
/// <param name="time">The clock.</param>
internal sealed class EmulatorDeaths(TimeProvider time)
{
    /// <summary>Deaths in a row that are too many.</summary>
    public const int Most = 3;

    private static readonly TimeSpan s_life = TimeSpan.FromMinutes(1);

    private int _inARow;
    private long _servingSince;

    /// <summary>It has started, and everything on it: however long that took, it has been of use from now on.</summary>
    public void Served() => _servingSince = time.GetTimestamp();

    /// <summary>It died.</summary>
    /// <returns>Whether to give it up: it never served for a minute between one death and the next.</returns>
    public bool Died()
    {
        _inARow = time.GetElapsedTime(_servingSince) < s_life ? _inARow + 1 : 1;
        return _inARow >= Most;
    }
}
