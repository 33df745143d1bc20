using System.Net;
using NrSer.Pipeline.Podcasts.Web;

namespace NrSer.Pipeline.Tests.Podcasts.Web;

public sealed class PublicAddressesTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.10")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("100.127.255.255")]
    [InlineData("168.63.129.16")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("::127.0.0.1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("ff02::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::127.0.0.1")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b:1::10.0.0.1")]
    [InlineData("64:ff9b:1:7f00:0:100:808:808")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("2001:0:1234:5678:0:0:80ff:fffe")] // Teredo of 127.0.0.1, which it holds inverted
    public void WhatIsWrongWith_AddressesOfNoPublisher_IsSaid(string address) =>
        Assert.NotNull(PublicAddresses.WhatIsWrongWith(IPAddress.Parse(address)));

    [Theory]
    [InlineData("93.184.216.34")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("168.63.129.17")]
    [InlineData("2606:2800:220:1:248:1893:25c8:1946")]
    [InlineData("::ffff:93.184.216.34")]
    [InlineData("64:ff9b::5db8:d822")]
    [InlineData("2002:5db8:d822::1")]
    public void WhatIsWrongWith_AddressesOfTheWeb_IsNothing(string address) =>
        Assert.Null(PublicAddresses.WhatIsWrongWith(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://example.com/feed.xml", "https://example.com/feed.xml", false)]
    [InlineData("https://user:pass@example.com/feed", "https://example.com/feed", true)]
    [InlineData("https://example.com/feed?format=rss", "https://example.com/feed?…", false)]
    [InlineData("https://example.com/feed?auth=aB3", "https://example.com/feed?…", true)]
    [InlineData("https://example.com/rss/aB3dE5fG7hI9jK1lM3nO5", "https://example.com/rss/…", true)]
    [InlineData("https://example.com/a-podcast-about-2001-and-more/feed", "https://example.com/a-podcast-about-2001-and-more/feed", false)]
    public void Shown_NeverHoldsATokenOfAPrivateFeed(string address, string shown, bool isPrivate)
    {
        Assert.Equal(shown, WebAddress.Shown(new Uri(address)));
        Assert.Equal(isPrivate, WebAddress.IsPrivate(new Uri(address)));
    }
}
