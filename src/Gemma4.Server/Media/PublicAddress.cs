using System.Net;
using System.Net.Sockets;

namespace Gemma4.Server.Media;

/// <summary>Tells addresses of the public Internet from all that reach into this machine or its networks.</summary>
/// <remarks>
/// IANA's special-purpose registries (RFC 6890 and its updates). IPv6 is narrowed to global unicast, 2000::/3, which leaves out loopback,
/// link-local, unique local, multicast, mapped, compatible and NAT64 (64:ff9b::/96, 64:ff9b:1::/48) addresses; forms inside it that carry
/// an IPv4 address (6to4, Teredo) are refused whatever they carry.
/// </remarks>
internal static class PublicAddress
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Whether the address may be connected to.</summary>
    public static bool IsPublic(IPAddress address)
    {
        // Mapped addresses first: IPNetwork looks through them at the IPv4 address.
        if (address.IsIPv4MappedToIPv6)
            return false;
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && (address.ScopeId != 0 || !GlobalUnicast.Contains(address)))
            return false;
        return address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
            && !Array.Exists(NotPublic, network => network.Contains(address));
    }
}
