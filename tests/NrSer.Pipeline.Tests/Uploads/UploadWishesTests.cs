using NrSer.Core.Audio;
using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Tests.Uploads;

public sealed class UploadWishesTests
{
    [Theory]
    [InlineData("nrser_channels", "separate", ChannelMode.Separate, null)]
    [InlineData("Nrser-Channels", "Mix", ChannelMode.Mix, null)]
    [InlineData("nrser_track", "2", null, 2)]
    [InlineData("owner", "nobody", null, null)]
    public void Of_Metadata_IsRead(string name, string value, ChannelMode? channels, int? track) =>
        Assert.Equal(new UploadWishes(channels, track), UploadWishes.Of([KeyValuePair.Create(name, value)]));

    [Theory]
    [InlineData("nrser_channels", "both")]
    [InlineData("nrser_channels", "1")]
    [InlineData("nrser_channels", "")]
    [InlineData("nrser_track", "-1")]
    [InlineData("nrser_track", "first")]
    public void Of_ValueThatCannotBe_SaysWhatCan(string name, string value) =>
        Assert.Contains($"{name} is '{value}'", UploadWishes.Of([KeyValuePair.Create(name, value)]).Error, StringComparison.Ordinal);

    [Fact]
    public void ToMetadata_AndBack_IsTheSame()
    {
        var wishes = new UploadWishes(ChannelMode.Separate, 3);
        Assert.Equal(wishes, UploadWishes.Of(wishes.ToMetadata()));
        Assert.Empty(UploadWishes.None.ToMetadata());
    }
}
