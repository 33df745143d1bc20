using Microsoft.Extensions.Time.Testing;
using NrSer.Cli.Local;

namespace NrSer.Cli.Tests.Local;

public sealed class EmulatorDeathsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Died_ThreeTimesWithoutAMinuteOfUse_IsTooOften()
    {
        var deaths = new EmulatorDeaths(_time);
        Assert.Equal([false, false, true], Deaths(deaths, startMinutes: 5, servedSeconds: 59, 3)); // that each start takes long is no life
    }

    [Fact]
    public void Died_AfterAMinuteOfUse_IsTheFirstDeathAgain()
    {
        var deaths = new EmulatorDeaths(_time);
        Assert.Equal([false, false, false, false], Deaths(deaths, startMinutes: 0, servedSeconds: 60, 4));
        Assert.Equal([false], Deaths(deaths, startMinutes: 0, servedSeconds: 59, 1));
        Assert.Equal([false, false, true], [.. Deaths(deaths, startMinutes: 0, servedSeconds: 61, 1), .. Deaths(deaths, 0, 1, 2)]);
    }

    private bool[] Deaths(EmulatorDeaths deaths, int startMinutes, int servedSeconds, int times) => [.. Enumerable.Range(0, times).Select(_ =>
    {
        _time.Advance(TimeSpan.FromMinutes(startMinutes));
        deaths.Served();
        _time.Advance(TimeSpan.FromSeconds(servedSeconds));
        return deaths.Died();
    })];
}
