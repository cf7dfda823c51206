using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>Keeps what a client sends: with texts shortened and what names the sender left out, so that it can be kept for good.</summary>
internal sealed class RequestRecorder : IStartupFilter
{
    private const int KeptCharacters = 40;

    private static readonly string[] KeptHeaders = ["anthropic-version", "anthropic-beta"];
    private static readonly string[] Texts = ["text", "content", "description", "instructions", "title"];
    private static readonly string[] Personal = ["client_metadata", "user_id", "metadata", "prompt_cache_key"];

    private readonly ConcurrentQueue<JsonObject> _requests = [];

    /// <summary>The requests so far: method, path, headers, body.</summary>
    public IEnumerable<JsonObject> Requests => _requests;

    /// <inheritdoc/>
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (HttpContext context, RequestDelegate go) =>
        {
            await RecordAsync(context.Request);
            await go(context);
        });
        next(app);
    };

    private async Task RecordAsync(HttpRequest request)
    {
        request.EnableBuffering();
        using var reader = new StreamReader(request.Body, leaveOpen: true);
        string body = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        request.Body.Position = 0;
        var headers = new JsonObject();
        foreach (string name in KeptHeaders.Where(request.Headers.ContainsKey))
            headers[name] = request.Headers[name].ToString();
        _requests.Enqueue(new JsonObject
        {
            ["method"] = request.Method,
            ["path"] = $"{request.Path}{request.QueryString}",
            ["headers"] = headers,
            ["body"] = body.Length == 0 ? null : Shortened(JsonNode.Parse(body)!, null),
        });
    }

    private static JsonNode? Shortened(JsonNode? node, string? key) => node switch
    {
        JsonObject value => new JsonObject(value.Where(p => !Personal.Contains(p.Key)).Select(p => KeyValuePair.Create(p.Key, Shortened(p.Value, p.Key)))),
        JsonArray items => new JsonArray([.. items.Select(item => Shortened(item, key))]),
        JsonValue text when Texts.Contains(key) && text.TryGetValue(out string? whole) && whole.Length > KeptCharacters => $"{whole[..KeptCharacters]}…",
        _ => node?.DeepClone(),
    };
}
