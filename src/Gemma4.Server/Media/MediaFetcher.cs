using System.Net;
using System.Net.Sockets;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Media;

/// <summary>Brings the bytes of an image, audio or video that a request names: from the request itself, or, where allowed, from the web or
/// a folder.</summary>
/// <remarks>
/// A web address is checked when it is connected to: the name is resolved once, every address it has must be public, and the connection
/// goes to one of the checked addresses, so that no second answer of a name server can change it. No proxy, cookie or credential is used,
/// redirects are followed here and checked like first URLs, and what arrives is counted while it is read.
/// </remarks>
public sealed class MediaFetcher : IDisposable
{
    /// <summary>All addresses of a name.</summary>
    internal delegate Task<IPAddress[]> Resolver(string host, CancellationToken cancellationToken);

    /// <summary>A connection to a checked address.</summary>
    internal delegate ValueTask<Stream> Connector(IPEndPoint endPoint, CancellationToken cancellationToken);

    private readonly MediaAccessOptions _options;
    private readonly TimeProvider _time;
    private readonly Resolver _resolve;
    private readonly Connector _connect;
    private readonly HttpClient _client;

    /// <summary>A fetcher.</summary>
    /// <param name="options">From where, and how much.</param>
    /// <param name="time">Measures the time limit.</param>
    public MediaFetcher(MediaAccessOptions options, TimeProvider time)
        : this(options, time, Dns.GetHostAddressesAsync, ConnectAsync)
    {
    }

    internal MediaFetcher(MediaAccessOptions options, TimeProvider time, Resolver resolve, Connector connect)
    {
        (_options, _time, _resolve, _connect) = (options, time, resolve, connect);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            Credentials = null,
            PreAuthenticate = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null, // trace ids are nobody else's business
            MaxResponseHeadersLength = 16, // KiB
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = (context, cancellationToken) => ConnectCheckedAsync(context.DnsEndPoint, cancellationToken),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // ours covers redirects and the body too
            DefaultRequestHeaders = { { "User-Agent", "gemma4-server" } }, // some hosts answer no one without a name
        };
    }

    /// <summary>Brings the bytes.</summary>
    /// <param name="url">A <c>data:</c>, <c>http(s):</c> or <c>file:</c> URL.</param>
    /// <param name="kind">What the part says it is.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <param name="cancellationToken">The caller left.</param>
    /// <exception cref="RequestRejectedException">Not allowed, not there, too slow or too large.</exception>
    public Task<byte[]> FetchAsync(string url, MediaKind kind, string? param, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (DataUri.Is(url))
            return Task.FromResult(DataUri.Decode(url, kind, _options.MaxBytes(kind), param));
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || !(UrlAllowList.IsWeb(uri) || uri.IsFile))
            throw MediaRejected.Url(kind, "Only data:, http:, https: and file: URLs are supported.", param);
        return uri.IsFile
            ? LocalMediaFile.ReadAsync(uri, _options.LocalFolder, kind, _options.MaxBytes(kind), param, cancellationToken)
            : DownloadAsync(uri, kind, param, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>Where a redirect leads; not from a place that proves who it is to one that does not.</summary>
    internal static Uri Follow(Uri url, Uri location, MediaKind kind, string? param)
    {
        var next = new Uri(url, location);
        return url.Scheme == Uri.UriSchemeHttps && next.Scheme == Uri.UriSchemeHttp
            ? throw MediaRejected.Url(kind, "The URL redirects from https to http.", param)
            : next;
    }

    private async Task<byte[]> DownloadAsync(Uri url, MediaKind kind, string? param, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            for (int redirects = 0; ; redirects++)
            {
                CheckUrl(url, kind, param);
                using var request = new HttpRequestMessage(HttpMethod.Get, url);
                using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
                if (response.StatusCode is >= HttpStatusCode.MovedPermanently and < HttpStatusCode.BadRequest && response.Headers.Location is { } location)
                {
                    if (redirects == _options.MaxRedirects)
                        throw MediaRejected.Url(kind, $"The URL redirects more than {_options.MaxRedirects} times.", param);
                    url = Follow(url, location, kind, param);
                    continue;
                }
                if (!response.IsSuccessStatusCode)
                    throw MediaRejected.Url(kind, $"Error while downloading URL: the server answered {(int)response.StatusCode}.", param);
                await using Stream body = await response.Content.ReadAsStreamAsync(either.Token);
                return await LimitedReader.ReadAllAsync(
                    body, response.Content.Headers.ContentLength, kind, _options.MaxBytes(kind), param, either.Token);
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw MediaRejected.Url(kind, "Timeout while downloading URL.", param);
        }
        catch (HttpRequestException e) when (e.InnerException is AddressRefusedException refused)
        {
            throw MediaRejected.Url(kind, refused.Message, param);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UriFormatException)
        {
            throw MediaRejected.Url(kind, "Error while downloading URL.", param); // no detail: it would tell what answers where
        }
    }

    private void CheckUrl(Uri url, MediaKind kind, string? param)
    {
        if (!_options.FetchesUrls)
            throw MediaRejected.Url(kind, "This server does not fetch URLs: send the data itself as a data: URL.", param);
        if (!UrlAllowList.IsWeb(url))
            throw MediaRejected.Url(kind, "Only http: and https: URLs are fetched.", param);
        if (url.UserInfo.Length > 0)
            throw MediaRejected.Url(kind, "URLs with a user name or password are not fetched.", param);
        if (_options.AllowedUrls.Length > 0 && !UrlAllowList.Matches(_options.AllowedUrls, url))
            throw MediaRejected.Url(kind, "The URL is not one that this server is allowed to fetch.", param);
        if (IPAddress.TryParse(url.IdnHost, out IPAddress? address) && !PublicAddress.IsPublic(address))
            throw MediaRejected.Url(kind, AddressRefusedException.Text, param);
    }

    private async ValueTask<Stream> ConnectCheckedAsync(DnsEndPoint target, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = IPAddress.TryParse(target.Host, out IPAddress? literal)
            ? [literal]
            : await _resolve(target.Host, cancellationToken);
        // One private address among public ones is a trap, not a choice.
        if (!Array.TrueForAll(addresses, PublicAddress.IsPublic))
            throw new AddressRefusedException();
        SocketException? last = null;
        foreach (IPAddress address in addresses)
        {
            try
            {
                return await _connect(new IPEndPoint(address, target.Port), cancellationToken);
            }
            catch (SocketException e)
            {
                last = e; // the next address may answer
            }
        }
        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static async ValueTask<Stream> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class AddressRefusedException() : Exception(Text)
    {
        public const string Text = "The URL leads to an address that is not public.";
    }
}
