using System.Text.Json;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Tests.Api;

public sealed class AboutTests(Site site)
{
    [Fact]
    public async Task About_SaysWhatForWhomToAskAndHowLongIsKeptWhat()
    {
        JsonElement about = await site.GetAsync("about");
        Assert.Equal("Research: of voices", about.GetProperty("purpose").GetString());
        Assert.Equal("voices@example.org", about.GetProperty("contact").GetString());
        Assert.Equal(QualityNotice.Demonstration, about.GetProperty("demonstrationNotice").GetString());
        Assert.Equal(3, about.GetProperty("models").EnumerateArray().Count(model => model.GetProperty("isUsed").GetBoolean()));
        Assert.Equal( // and not what nobody has held to for days
            [("Uploads", 30, "2026-01-01"), ("Lake", 365, null)],
            about.GetProperty("kept").EnumerateArray().Select(kept => (
                kept.GetProperty("store").GetString()!, kept.GetProperty("days").GetInt32(), kept.GetProperty("through").GetString())));
    }
}
