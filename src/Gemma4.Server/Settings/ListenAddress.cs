using System.Net;
using System.Net.Sockets;

namespace Gemma4.Server.Settings;

/// <summary>Where the server listens: <c>Server:Host</c> as addresses of this machine. The web server would take a name that it cannot resolve for
/// every address there is.</summary>
internal static class ListenAddress
{
    /// <summary>The URLs to listen on.</summary>
    /// <exception cref="OptionsException">Neither an address nor a name that resolves, or none of this machine.</exception>
    public static string[] Urls(ServerOptions options)
    {
        string scheme = options.HasTls ? "https" : "http";
        // The web server's own word for both loopbacks, which may not both have the same free port.
        if (options.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return [$"{scheme}://{(options.Port == 0 ? "127.0.0.1" : "localhost")}:{options.Port}"];
        IPAddress[] addresses = Of(options.Host);
        foreach (IPAddress address in addresses)
            CheckIsOurs(options.Host, address);
        return [.. addresses.Select(a => $"{scheme}://{new IPEndPoint(a, options.Port)}")];
    }

    /// <summary>An address that leads to a listener from this machine: one that listens on every address is reached on the loopback.</summary>
    /// <param name="url">What is listened on, as the web server writes it.</param>
    public static string Reachable(string url) => url.Replace("://0.0.0.0:", "://127.0.0.1:", StringComparison.Ordinal)
        .Replace("://[::]:", "://127.0.0.1:", StringComparison.Ordinal).TrimEnd('/');

    /// <summary>The addresses of a host.</summary>
    /// <exception cref="OptionsException">Neither an address nor a name that resolves.</exception>
    public static IPAddress[] Of(string host)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
            return [address];
        try
        {
            // A name of digits and dots is a mistyped address, which no name server needs to be asked about.
            if (Uri.CheckHostName(host) == UriHostNameType.Dns && !host.All(c => char.IsAsciiDigit(c) || c == '.')
                && Dns.GetHostAddresses(host) is { Length: > 0 } addresses)
                return [.. addresses.Distinct()];
        }
        catch (SocketException)
        {
            // Refused below like any other name that leads nowhere.
        }
        throw new OptionsException(
            $"Server:Host '{host}' is neither an address nor a name that resolves. Give one with --host: 127.0.0.1 for this machine alone, "
            + "0.0.0.0 for every IPv4 address, :: for every address.");
    }

    private static void CheckIsOurs(string host, IPAddress address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
        }
        catch (SocketException exception)
        {
            throw new OptionsException(
                $"Server:Host '{host}': nothing can listen on {address} ({exception.Message}). It must be an address of this machine; 0.0.0.0 takes all.");
        }
    }
}
