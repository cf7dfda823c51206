using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gemma4.Server.Tests.Hub;

/// <summary>A hub on the loopback with one repository, and its storage on another port, so that it is another host for a client. It answers as the real one is documented
/// to, except where a test has it fail.</summary>
internal sealed class LoopbackHub : IAsyncDisposable
{
    /// <summary>The repository.</summary>
    public const string Repository = "google/gemma-4-E2B-it";

    /// <summary>What storage takes for a credential: it is in the address, as in the signed ones of the real hub.</summary>
    private const string Signature = "?signature=abc";

    private readonly WebApplication _hub, _storage;
    private readonly ConcurrentDictionary<string, byte[]> _files = new();

    private LoopbackHub()
    {
        _hub = Build(AnswerAsync);
        _storage = Build(StoreAsync);
    }

    /// <summary>Answers a request in its own way; returns false to leave it to the hub. Told whether storage was asked.</summary>
    public Func<HttpContext, bool, Task<bool>> Interfere { get; set; } = (_, _) => Task.FromResult(false);

    /// <summary>Changes the list of files.</summary>
    public Func<IEnumerable<Dictionary<string, object>>, IEnumerable<Dictionary<string, object>>> Listed { get; set; } = list => list;

    /// <summary>The commit of main.</summary>
    public string Commit { get; set; } = new('a', 40);

    /// <summary>Files from this size on are in storage.</summary>
    public int LargeBytes { get; init; } = 1000;

    /// <summary>Entries of a page of the list.</summary>
    public int PageSize { get; init; } = 4;

    /// <summary>The token without which nothing is given; null for a public repository.</summary>
    public string? Token { get; init; }

    /// <summary>What it was asked, in order of arrival.</summary>
    public ConcurrentQueue<HubRequest> Requests { get; } = new();

    /// <summary>Where it listens.</summary>
    public Uri Endpoint => new(_hub.Urls.First());

    /// <summary>Its files.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => _files;

    /// <summary>A hub whose repository has files.</summary>
    public static async Task<LoopbackHub> StartAsync(IEnumerable<(string Path, byte[] Bytes)> files, Func<LoopbackHub>? make = null)
    {
        LoopbackHub hub = (make ?? (() => new LoopbackHub()))();
        foreach ((string path, byte[] bytes) in files)
            hub._files[path] = bytes;
        await hub._storage.StartAsync(TestContext.Current.CancellationToken);
        await hub._hub.StartAsync(TestContext.Current.CancellationToken);
        return hub;
    }

    /// <summary>A hub that wants a token.</summary>
    public static Task<LoopbackHub> StartAsync(IEnumerable<(string Path, byte[] Bytes)> files, string token) => StartAsync(files, () => new LoopbackHub { Token = token });

    /// <summary>The files of a model in safetensors, with weights of some size and random bytes.</summary>
    public static (string Path, byte[] Bytes)[] Model(int weightBytes, int seed = 1) =>
    [
        ("config.json", Encoding.UTF8.GetBytes($$"""{"seed": {{seed}}}""")),
        ("tokenizer.json", Random(3000, seed + 1)),
        ("chat_template.jinja", Random(200, seed + 2)),
        ("model.safetensors", Random(weightBytes, seed)),
        ("README.md", Random(100, seed + 3)),
        ("original/consolidated.safetensors", Random(5000, seed + 4)),
    ];

    /// <summary>Random bytes.</summary>
    public static byte[] Random(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>What the hub names a file by.</summary>
    public string HashOf(string path)
    {
        byte[] bytes = _files[path];
        return bytes.Length >= LargeBytes ? Convert.ToHexStringLower(SHA256.HashData(bytes)) : GitHash(bytes);
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _storage.DisposeAsync();
    }

    /// <summary>Writes an error as the hub does: headers, and the message once more in the body.</summary>
    public static async Task<bool> RefuseAsync(HttpContext context, HttpStatusCode status, string? code, string message)
    {
        context.Response.StatusCode = (int)status;
        if (code is not null)
            context.Response.Headers["X-Error-Code"] = code;
        context.Response.Headers["X-Error-Message"] = message;
        await context.Response.WriteAsync(JsonSerializer.Serialize(new { error = message }), context.RequestAborted);
        return true;
    }

    /// <summary>Sends bytes, or the part of them that was asked for.</summary>
    public static async Task SendAsync(HttpContext context, byte[] bytes)
    {
        (int from, int to) = PartOf(context, bytes.Length);
        if (context.Request.Headers.Range.Count > 0)
        {
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{to - 1}/{bytes.Length}");
        }
        context.Response.ContentLength = to - from;
        await context.Response.Body.WriteAsync(bytes.AsMemory(from, to - from), context.RequestAborted);
    }

    /// <summary>The part that is asked for: all of it where none is named.</summary>
    public static (int From, int To) PartOf(HttpContext context, int length)
    {
        if (context.Request.Headers.Range.Count == 0)
            return (0, length);
        string[] ends = context.Request.Headers.Range.ToString()["bytes=".Length..].Split('-');
        return (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[1], CultureInfo.InvariantCulture) + 1);
    }

    /// <summary>The bytes that storage was asked for.</summary>
    public byte[]? Stored(HttpContext context) => _files.Keys.FirstOrDefault(path => context.Request.Path == "/" + HashOf(path)) is { } path ? _files[path] : null;

    private static string GitHash(byte[] bytes) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {bytes.Length}\0")), .. bytes]));

    private WebApplication Build(Func<HttpContext, Task> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Run(async context =>
        {
            bool isStorage = answer == StoreAsync;
            Requests.Enqueue(new HubRequest(
                isStorage, context.Request.Path + context.Request.QueryString, context.Request.Headers.Authorization.FirstOrDefault(), context.Request.Headers.Range.FirstOrDefault()));
            if (!await Interfere(context, isStorage))
                await answer(context);
        });
        return app;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        string path = context.Request.Path;
        string api = $"/api/models/{Repository}/";
        if (Token is not null && context.Request.Headers.Authorization != $"Bearer {Token}")
            await RefuseAsync(context, HttpStatusCode.Unauthorized, "GatedRepo", $"Access to model {Repository} is restricted. You must have access to it and be authenticated to access it. Please log in.");
        else if (path == api + "revision/main" || path == api + "revision/" + Commit)
            await context.Response.WriteAsync($$"""{"id": "{{Repository}}", "sha": "{{Commit}}", "siblings": []}""", context.RequestAborted);
        else if (path.StartsWith(api + "revision/", StringComparison.Ordinal))
            await RefuseAsync(context, HttpStatusCode.NotFound, "RevisionNotFound", "Invalid rev id: " + path[(api.Length + 9)..]);
        else if (path == $"{api}tree/{Commit}")
            await ListAsync(context);
        else if (path.StartsWith($"/{Repository}/resolve/{Commit}/", StringComparison.Ordinal))
            await ResolveAsync(context, path[$"/{Repository}/resolve/{Commit}/".Length..]);
        else
            await RefuseAsync(context, HttpStatusCode.Unauthorized, "RepoNotFound", "Repository not found");
    }

    private async Task ListAsync(HttpContext context)
    {
        int from = int.Parse(context.Request.Query["cursor"].FirstOrDefault() ?? "0", CultureInfo.InvariantCulture);
        Dictionary<string, object>[] all = [.. Listed(_files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => Entry(f.Key, f.Value))).Prepend(new() { ["type"] = "directory", ["path"] = "original", ["oid"] = "1", ["size"] = 0 })];
        if (from + PageSize < all.Length)
            context.Response.Headers.Link = $"<{Endpoint.AbsoluteUri.TrimEnd('/')}{context.Request.Path}?recursive=true&cursor={from + PageSize}>; rel=\"next\"";
        await context.Response.WriteAsync(JsonSerializer.Serialize(all.Skip(from).Take(PageSize)), context.RequestAborted);
    }

    private Dictionary<string, object> Entry(string path, byte[] bytes)
    {
        var entry = new Dictionary<string, object> { ["type"] = "file", ["path"] = path, ["size"] = bytes.Length, ["oid"] = GitHash(bytes) };
        if (bytes.Length >= LargeBytes)
        {
            entry["lfs"] = new { oid = HashOf(path), size = bytes.Length, pointerSize = 134 };
            entry["xetHash"] = new string('e', 64);
        }
        return entry;
    }

    /// <summary>Small files at once, large ones by a redirect to storage, with what the real hub says of them.</summary>
    private async Task ResolveAsync(HttpContext context, string path)
    {
        context.Response.Headers["X-Repo-Commit"] = Commit;
        if (!_files.TryGetValue(path, out byte[]? bytes))
        {
            await RefuseAsync(context, HttpStatusCode.NotFound, "EntryNotFound", "Entry not found");
            return;
        }
        if (bytes.Length < LargeBytes)
        {
            context.Response.Headers.ETag = $"\"{HashOf(path)}\"";
            await SendAsync(context, bytes);
            return;
        }
        context.Response.Headers["X-Linked-Etag"] = $"\"{HashOf(path)}\"";
        context.Response.Headers["X-Linked-Size"] = bytes.Length.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["X-Xet-Hash"] = new string('e', 64);
        context.Response.Redirect($"{_storage.Urls.First()}/{HashOf(path)}{Signature}");
    }

    private async Task StoreAsync(HttpContext context)
    {
        if (Stored(context) is { } bytes && context.Request.QueryString.Value == Signature)
            await SendAsync(context, bytes);
        else
            context.Response.StatusCode = (int)HttpStatusCode.Forbidden;
    }
}
