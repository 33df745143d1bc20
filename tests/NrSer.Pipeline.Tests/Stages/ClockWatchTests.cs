using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Tests.Uploads;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class ClockWatchTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(-60, false)]
    [InlineData(4, false)] // clocks of a disk differ, too
    [InlineData(60, true)]
    public void Read_TheEmulatorSavedInTheFuture_IsAStepBackOnceWhoeverRanThen(int minutes, bool wentBack)
    {
        var log = new FakeLogger<ClockWatch>();
        var emulated = new EmulatedByHand { SavedBefore = _time.GetUtcNow().UtcDateTime.AddMinutes(minutes) };
        var clock = new ClockWatch(_time, log, emulated);
        Assert.Equal((_time.GetUtcNow(), wentBack), clock.Read());
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((_time.GetUtcNow(), false), clock.Read());
        Assert.Equal(wentBack ? 1 : 0, log.Collector.Count);
    }
}
