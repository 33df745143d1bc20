using System.Text.Json;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests.Api;

/// <summary>A recording whose channels were kept apart: each is asked for by its number.</summary>
public sealed class ChannelsTests(Site site)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Path => $"recordings/{site.Store.Apart.Id}";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Channel_OfEverything_IsThatChannelAlone(int channel)
    {
        Segment[] own = [.. GeneratedResults.Segments(site.Store.Apart).Where(segment => segment.Channel == channel)];
        JsonElement[] segments = [.. (await site.GetAsync($"{Path}/segments?channel={channel}")).GetProperty("segments").EnumerateArray()];
        Assert.All(segments, segment => Assert.Equal(channel, segment.GetProperty("channel").GetInt32()));
        Assert.Equal(own.Select(segment => segment.SnrScore), segments.Select(segment => segment.GetProperty("snrScore").GetSingle()));
        Assert.Equal(
            own.Select(segment => Math.Round((double)segment.SnrScore, 3)),
            (await site.GetAsync($"{Path}/timeline?channel={channel}")).GetProperty("cells").EnumerateArray()
                .Select(cell => cell.GetProperty("score").GetDouble()));

        string[] lines = (await TextAsync($"export/csv?channel={channel}")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(own.Length + 1, lines.Length);
        int[] intervals = [.. (await TextAsync($"export/textgrid?channel={channel}")).Split('\n')
            .Where(line => line.Contains("intervals: size", StringComparison.Ordinal)).Select(line => int.Parse(line.Split('=')[1], null))];
        Assert.All(intervals, count => Assert.Equal(own.Length, count));
    }

    [Theory]
    [InlineData(0, 1f)]
    [InlineData(1, FilledStore.QuietGain)]
    public async Task Sound_OfAChannel_IsItsOwn_InBothVersions(int channel, float gain)
    {
        foreach ((string version, float factor) in new[] { ("original", gain), ("heard", gain / 2) })
        {
            float[] expected = FilledStore.SamplesOf(0, factor);
            float[] samples = await Testing.Recordings.SamplesAsync(await BytesAsync($"audio?channel={channel}&version={version}"));
            Assert.Equal(60 * SegmentGrid.SampleRateHz, samples.Length);
            Assert.InRange(expected.Zip(samples, (wanted, found) => Math.Abs(wanted - found)).Max(), 0, 0.51 / 32768);
            byte[] peaks = await BytesAsync($"peaks?channel={channel}&version={version}&perSecond=1");
            Assert.Equal(MathF.Round(expected[..SegmentGrid.SampleRateHz].Max() * 127), (sbyte)peaks[25]);
        }
    }

    [Theory]
    [InlineData("segments")]
    [InlineData("timeline")]
    [InlineData("peaks")]
    [InlineData("audio")]
    [InlineData("export/csv")]
    [InlineData("export/vtt")]
    public async Task Channel_ThatItDoesNotHave_Is400AndNamed(string part)
    {
        (int status, JsonElement problem) = await site.RefusedAsync($"{Path}/{part}?channel=2");
        Assert.Equal(400, status);
        Assert.Equal("takes 0 to 1: so many it has.", problem.GetProperty("errors").GetProperty("channel")[0].GetString());
        (status, problem) = await site.RefusedAsync($"recordings/{site.Store.WithAudio.Id}/{part}?channel=1");
        Assert.Equal(400, status);
        Assert.Contains("not kept apart", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private Task<string> TextAsync(string part) => site.Client.GetStringAsync(new Uri($"api/v1/{Path}/{part}", UriKind.Relative), Stop);

    private Task<byte[]> BytesAsync(string part) => site.Client.GetByteArrayAsync(new Uri($"api/v1/{Path}/{part}", UriKind.Relative), Stop);
}
