using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Gemma4.Server.Hub;

/// <summary>Asks a hub: which commit a revision is at, which files that has, and for their bytes.</summary>
/// <remarks>
/// The protocol is that of huggingface_hub (<c>file_download.py</c>, <c>hf_api.py</c>): <c>/api/models/…/revision/…</c>, <c>/api/models/…/tree/…</c> in
/// pages, and <c>/…/resolve/…</c>, which redirects to storage for large files. Files that are stored in Xet come the same way, by the bridge that is there
/// for clients that do not know it (huggingface.co/docs/hub/xet/legacy-git-lfs).
/// The token goes to the hub's own scheme, host and port alone, never to where it redirects.
/// </remarks>
internal sealed class HubClient : IDisposable
{
    private const int MaxErrorBytes = 8 << 10;

    private readonly HubSettings _settings;
    private readonly HubLimits _limits;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    public HubClient(HubSettings settings, HubLimits limits, TimeProvider time)
    {
        (_settings, _limits, _time) = (settings, limits, time);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // followed here, so that the token goes nowhere else
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = 64, // KiB
            ConnectTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // silence is limited, not the whole
        };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("gemma4");
        // Compressed bytes have other lengths and ranges than the file.
        _client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
    }

    /// <summary>The commit that the model's revision is at.</summary>
    /// <exception cref="HubException">There is none, or it may not be read.</exception>
    /// <exception cref="TransientHubException">The hub did not answer.</exception>
    public async Task<string> CommitAsync(ModelName model, CancellationToken cancellationToken)
    {
        (JsonDocument answer, _) = await JsonAsync(model, Api(model, "revision", model.Revision), cancellationToken);
        using (answer)
        {
            return answer.RootElement.ValueKind == JsonValueKind.Object && answer.RootElement.TryGetProperty("sha", out JsonElement sha)
                && sha.ValueKind == JsonValueKind.String && sha.GetString() is { Length: 40 } commit && commit.All(char.IsAsciiHexDigitLower)
                ? commit
                : throw NoHub("names no commit");
        }
    }

    /// <summary>The files of a commit.</summary>
    /// <exception cref="HubException">The list is too long, or not one.</exception>
    /// <exception cref="TransientHubException">The hub did not answer.</exception>
    public async Task<IReadOnlyList<HubFile>> FilesAsync(ModelName model, string commit, CancellationToken cancellationToken)
    {
        var files = new List<HubFile>();
        Uri? page = new(Api(model, "tree", commit) + "?recursive=true");
        for (int pages = 0; page is not null; pages++)
        {
            if (pages == _limits.MaxPages)
                throw new HubException($"{model.Repository} has a list of files of more than {_limits.MaxPages} pages, which no model needs.");
            (JsonDocument answer, Uri? next) = await JsonAsync(model, page, cancellationToken);
            using (answer)
            {
                files.AddRange(HubList.Read(answer.RootElement) ?? throw NoHub("sends no list of files"));
            }
            if (files.Count > _limits.MaxEntries)
                throw new HubException($"{model.Repository} has more than {_limits.MaxEntries} files, which no model needs.");
            page = next;
        }
        return files;
    }

    /// <summary>Opens a part of a file.</summary>
    /// <param name="model">The repository.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The file; what the hub says of it while it answers has to agree.</param>
    /// <param name="from">The first byte.</param>
    /// <param name="to">The one behind the last.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HubException">It may not be read, or the hub contradicts itself.</exception>
    /// <exception cref="TransientHubException">The hub or its storage did not answer.</exception>
    public async Task<HubBody> OpenAsync(ModelName model, string commit, HubFile file, long from, long to, CancellationToken cancellationToken)
    {
        string path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        var url = new Uri($"{Base}/{model.Repository}/resolve/{commit}/{path}");
        // An empty file has no range, and a small one needs none.
        RangeHeaderValue? range = from == 0 && to == file.Size ? null : new RangeHeaderValue(from, to - 1);
        HttpResponseMessage response = await SendAsync(model, url, range, answer => HubFacts.Check(answer, model, commit, file), cancellationToken);
        try
        {
            long start = HubFacts.Start(response, file, from, to);
            Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return new HubBody(response, body, start, _limits.Stall, _time);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private string Base => _settings.Endpoint.AbsoluteUri.TrimEnd('/');

    private Uri Api(ModelName model, string what, string revision) => new($"{Base}/api/models/{model.Repository}/{what}/{Uri.EscapeDataString(revision)}");

    /// <summary>A mirror may hand on pages that name the hub it mirrors: they are asked of the mirror (huggingface_hub, <c>fix_hf_endpoint_in_url</c>).</summary>
    private Uri? OnEndpoint(Uri? url) => url is not null && url.Scheme == HubSettings.PublicHub.Scheme && url.Authority == HubSettings.PublicHub.Authority
        ? new Uri(Base + url.PathAndQuery)
        : url;

    private HubException NoHub(string what) => new($"{Base} {what}: it is no hub, or a proxy answers for it. Check HF_ENDPOINT and HTTPS_PROXY.");

    private async Task<(JsonDocument Answer, Uri? Next)> JsonAsync(ModelName model, Uri url, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await SendAsync(model, url, null, null, cancellationToken);
        Uri? next = OnEndpoint(HubFacts.NextPage(response));
        if (next is not null && !IsHub(next))
            throw NoHub($"continues its list of files at {next.Host}");
        await using var body = new HubBody(response, await response.Content.ReadAsStreamAsync(cancellationToken), 0, _limits.Stall, _time);
        byte[] bytes = await body.ReadAllAsync(_limits.MaxPageBytes, cancellationToken);
        try
        {
            return (JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 16 }), next);
        }
        catch (JsonException)
        {
            throw NoHub("does not answer in JSON");
        }
    }

    /// <summary>Asks, and follows redirects; <paramref name="check"/> looks at every answer of the hub itself on the way.</summary>
    private async Task<HttpResponseMessage> SendAsync(
        ModelName model, Uri url, RangeHeaderValue? range, Action<HttpResponseMessage>? check, CancellationToken cancellationToken)
    {
        for (int redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Range = range;
            if (IsHub(url) && _settings.Token is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _settings.Token);
            HttpResponseMessage response = await SendOnceAsync(request, cancellationToken);
            try
            {
                if (IsHub(url) && (response.IsSuccessStatusCode || IsRedirect(response)))
                    check?.Invoke(response);
                if (!IsRedirect(response))
                    return response.IsSuccessStatusCode ? response : throw HubErrors.Of(response, await BeginningAsync(response, cancellationToken), model, _settings);
                if (redirects == _limits.MaxRedirects)
                    throw new HubException($"{Base} redirects more than {_limits.MaxRedirects} times.");
                url = Follow(url, response.Headers.Location!);
                response.Dispose();
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(_limits.Stall, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (Exception exception) when (HubFailures.IsOfNetwork(exception, cancellationToken))
        {
            throw HubFailures.Of(exception, request.RequestUri!, _limits.Stall);
        }
    }

    private async Task<string> BeginningAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = new HubBody(response, await response.Content.ReadAsStreamAsync(cancellationToken), 0, _limits.Stall, _time);
        byte[] bytes = new byte[MaxErrorBytes];
        int length = 0;
        while (length < bytes.Length && await body.ReadAsync(bytes.AsMemory(length), cancellationToken) is > 0 and int read)
            length += read;
        return System.Text.Encoding.UTF8.GetString(bytes, 0, length);
    }

    private static bool IsRedirect(HttpResponseMessage response) =>
        response.StatusCode is >= HttpStatusCode.MovedPermanently and < HttpStatusCode.BadRequest and not HttpStatusCode.NotModified && response.Headers.Location is not null;

    /// <summary>Whether an address is the hub's, which may see the token.</summary>
    private bool IsHub(Uri url) => url.Scheme == _settings.Endpoint.Scheme && url.Authority == _settings.Endpoint.Authority;

    private Uri Follow(Uri url, Uri location)
    {
        var next = new Uri(url, location);
        return next.Scheme == Uri.UriSchemeHttps || (next.Scheme == Uri.UriSchemeHttp && url.Scheme == Uri.UriSchemeHttp)
            ? next
            : throw new HubException($"{url.Host} redirects from {url.Scheme} to {next.Scheme}, which is not followed. Check HF_ENDPOINT and HTTPS_PROXY.");
    }
}
