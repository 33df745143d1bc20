using System.Net;
using System.Net.Sockets;

namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>Connects to addresses that were looked at: whatever a name is resolved to a second later, this is where the bytes come from.</summary>
/// <param name="options">Who may lie in a private network.</param>
internal sealed class GuardedConnection(PodcastOptions options)
{
    private readonly HashSet<string> _private = new(
        options.PrivateHosts.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), StringComparer.OrdinalIgnoreCase);

    /// <exception cref="RefusedAddressException">The host lies where no publisher has any business.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        string host = context.DnsEndPoint.Host;
        IPAddress[] addresses = IPAddress.TryParse(host, out IPAddress? literal)
            ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        bool isOurs = _private.Contains(host) || (options.Proxy is { } proxy && proxy.Host.Equals(host, StringComparison.OrdinalIgnoreCase));
        IPAddress[] allowed = isOurs ? addresses : [.. addresses.Where(address => PublicAddresses.WhatIsWrongWith(address) is null)];
        if (allowed.Length == 0 && addresses.Length > 0)
        {
            throw new RefusedAddressException(
                $"{host} is at {addresses[0]}, which is {PublicAddresses.WhatIsWrongWith(addresses[0])}; where that is wanted, name the host in "
                + "NrSer__Podcasts__PrivateHosts.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>An address must not be reached: it is not of the public web.</summary>
/// <param name="message">Which, and why.</param>
internal sealed class RefusedAddressException(string message) : Exception(message);
