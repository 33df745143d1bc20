using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>Which addresses a feed may send us to: those of the public internet. Anything else belongs to whoever runs this, not to
/// publishers.</summary>
internal static class PublicAddresses
{
    private static readonly (IPNetwork Network, string What)[] s_refused =
    [
        (IPNetwork.Parse("0.0.0.0/8"), "this network"),
        (IPNetwork.Parse("10.0.0.0/8"), "a private network"),
        (IPNetwork.Parse("100.64.0.0/10"), "a provider's own network"), // RFC 6598
        (IPNetwork.Parse("127.0.0.0/8"), "this machine"),
        (IPNetwork.Parse("169.254.0.0/16"), "link-local, where clouds keep their metadata"),
        (IPNetwork.Parse("172.16.0.0/12"), "a private network"),
        (IPNetwork.Parse("192.0.0.0/24"), "reserved"),
        (IPNetwork.Parse("192.0.2.0/24"), "reserved for documentation"),
        (IPNetwork.Parse("192.168.0.0/16"), "a private network"),
        (IPNetwork.Parse("198.18.0.0/15"), "reserved for measurements"),
        (IPNetwork.Parse("198.51.100.0/24"), "reserved for documentation"),
        (IPNetwork.Parse("203.0.113.0/24"), "reserved for documentation"),
        (IPNetwork.Parse("168.63.129.16/32"), "Azure's own"), // learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
        (IPNetwork.Parse("224.0.0.0/4"), "multicast"),
        (IPNetwork.Parse("240.0.0.0/4"), "reserved"),
        (IPNetwork.Parse("::/96"), "reserved"), // unspecified, this machine, and the old way to write IPv4
        (IPNetwork.Parse("100::/64"), "reserved"),
        (IPNetwork.Parse("64:ff9b:1::/48"), "a private network"), // RFC 8215: a translator's own
        (IPNetwork.Parse("2001:db8::/32"), "reserved for documentation"),
        (IPNetwork.Parse("fc00::/7"), "a private network"),
        (IPNetwork.Parse("fe80::/10"), "link-local"),
        (IPNetwork.Parse("fec0::/10"), "a private network"),
        (IPNetwork.Parse("ff00::/8"), "multicast"),
    ];

    private static readonly IPNetwork s_nat64 = IPNetwork.Parse("64:ff9b::/96"); // RFC 6052
    private static readonly IPNetwork s_6to4 = IPNetwork.Parse("2002::/16"); // RFC 3056
    private static readonly IPNetwork s_teredo = IPNetwork.Parse("2001::/32"); // RFC 4380

    /// <summary>What an address belongs to that must not be reached; null for one of the public internet.</summary>
    public static string? WhatIsWrongWith(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        foreach ((IPNetwork network, string what) in s_refused)
        {
            if (network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address))
                return what;
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return null;
        byte[] bytes = address.GetAddressBytes();
        return s_nat64.Contains(address) ? WhatIsWrongWith(new IPAddress(bytes.AsSpan(12)))
            : s_6to4.Contains(address) ? WhatIsWrongWith(new IPAddress(bytes.AsSpan(2, 4)))
            : s_teredo.Contains(address)
                ? WhatIsWrongWith(new IPAddress(BitConverter.GetBytes(~BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)))))
            : null;
    }
}
