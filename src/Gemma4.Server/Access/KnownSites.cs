using System.Net;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Access;

/// <summary>Which sites' requests are this server's own: those that name it as the loopback, as <c>--host</c> does or as an option does.</summary>
/// <remarks>
/// A page of any site can send requests to the loopback of whoever looks at it, and by DNS rebinding (its own name, now leading to 127.0.0.1) read
/// the answers too. A key keeps it out; without one its name does, which the browser writes into Host and Origin.
/// </remarks>
internal sealed class KnownSites
{
    private const string Any = "*";

    private readonly HashSet<string> _hosts;
    private readonly HashSet<string> _origins;

    public KnownSites(ServerOptions options)
    {
        _hosts = new HashSet<string>([options.Host, .. options.AllowedHosts], StringComparer.OrdinalIgnoreCase);
        _origins = new HashSet<string>(options.CorsOrigins, StringComparer.OrdinalIgnoreCase);
        bool isDefault = !options.HasKeys && ListenAddress.Of(options.Host).All(IPAddress.IsLoopback);
        IsChecked = !_hosts.Contains(Any) && (isDefault || options.AllowedHosts.Length > 0);
    }

    /// <summary>Whether requests are checked at all: on the loopback without a key, and wherever hosts are named.</summary>
    public bool IsChecked { get; }

    /// <summary>Whether a Host header's name, without its port, is one of this server's. None is: only a browser can be lured, and it sends one.</summary>
    public bool KnowsHost(string host) => host.Length == 0 || _hosts.Contains(host.Trim('[', ']')) || IsLoopback(host);

    /// <summary>Whether an Origin header is of this server's own pages, or of one that CORS lets in. <c>null</c>, which any page can have, must be
    /// named like others.</summary>
    public bool KnowsOrigin(string origin) => origin.Length == 0 || _origins.Contains(Any) || _origins.Contains(origin)
        || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.Host.Length > 0 && KnowsHost(uri.Host));

    /// <summary>Whether a name or address is this machine and nobody else's.</summary>
    public static bool IsLoopback(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
