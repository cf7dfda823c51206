using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gemma4.LoadTest;

/// <summary>What one request saw.</summary>
/// <param name="Error">Null when the answer was complete.</param>
/// <param name="Text">The answer.</param>
/// <param name="FirstToken">From sending to the first delta with text.</param>
/// <param name="Gaps">Between deltas that followed each other.</param>
/// <param name="PromptTokens">As the server counted.</param>
/// <param name="CachedTokens">Of these, found in the prefix cache.</param>
/// <param name="OutputTokens">As the server counted.</param>
internal sealed record RequestResult(
    string? Error, string Text, TimeSpan FirstToken, IReadOnlyList<TimeSpan> Gaps, int PromptTokens, int CachedTokens, int OutputTokens);

/// <summary>Sends streaming chat completions as any client of OpenAI's API would.</summary>
internal sealed class StreamingClient(LoadOptions options) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 2000 })
    {
        BaseAddress = options.Base,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private int[] _wordIds = [];

    /// <summary>Holds answers to the workload's words, so that every token is text and so a delta; false where the server cannot.</summary>
    /// <remarks>After its end a model writes tokens that are no text, and a gap between deltas would be as many steps as it wrote of them.</remarks>
    public async Task<bool> TryHoldToWordsAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await PostAsync(
            "/tokenize", new JsonObject { ["prompt"] = Workload.AllWords, ["add_special_tokens"] = false }, cancellationToken);
        if (!response.IsSuccessStatusCode)
            return false;
        JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
        _wordIds = [.. answer["tokens"]!.AsArray().Select(id => (int)id!).Distinct()];
        return true;
    }

    public async Task<RequestResult> SendAsync(LoadRequest request, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Timeout);
        try
        {
            return await SendCoreAsync(request, timeout.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or JsonException)
        {
            return Failed($"{e.GetType().Name}: {e.Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<RequestResult> SendCoreAsync(LoadRequest request, CancellationToken cancellationToken)
    {
        JsonObject body = Body(request);
        body["stream"] = true;
        body["stream_options"] = new JsonObject { ["include_usage"] = true };
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await PostAsync("/v1/chat/completions", body, cancellationToken);
        if (!response.IsSuccessStatusCode)
            return Failed($"HTTP {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");

        var text = new StringBuilder();
        var gaps = new List<TimeSpan>();
        TimeSpan? first = null;
        long last = 0;
        string? finish = null;
        JsonNode? usage = null;
        bool done = false;
        await foreach (SseItem<string> item in SseParser.Create(await response.Content.ReadAsStreamAsync(cancellationToken)).EnumerateAsync(cancellationToken))
        {
            if (item.Data == "[DONE]")
            {
                done = true;
                continue;
            }
            JsonNode frame = JsonNode.Parse(item.Data)!;
            if (frame["error"] is JsonNode error)
                return Failed($"in the stream: {error.ToJsonString()}");
            usage = frame["usage"] ?? usage;
            if (frame["choices"] is not JsonArray { Count: > 0 } choices)
                continue;
            finish = (string?)choices[0]!["finish_reason"] ?? finish;
            string? delta = (string?)choices[0]!["delta"]?["content"] ?? (string?)choices[0]!["delta"]?["reasoning_content"];
            if (string.IsNullOrEmpty(delta))
                continue;
            text.Append(delta);
            long now = Stopwatch.GetTimestamp();
            if (first is null)
                first = Stopwatch.GetElapsedTime(start, now);
            else
                gaps.Add(Stopwatch.GetElapsedTime(last, now));
            last = now;
        }
        if (!done || finish is null || usage is null)
            return Failed($"the stream ended early (finish_reason {finish ?? "missing"}, [DONE] {(done ? "seen" : "missing")})");
        return new RequestResult(
            null, text.ToString(), first ?? Stopwatch.GetElapsedTime(start), gaps, (int)usage["prompt_tokens"]!,
            (int?)usage["prompt_tokens_details"]?["cached_tokens"] ?? 0, (int)usage["completion_tokens"]!);
    }

    /// <summary>Sends JSON and waits for the answer's headers.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, JsonObject body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"), cancellationToken);

    /// <summary>Sends a request and waits for the answer's headers.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(method, path) { Content = content };
        if (options.ApiKey is not null)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
        return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>The request's body, for an answer that is not streamed.</summary>
    public JsonObject Body(LoadRequest request)
    {
        var body = new JsonObject
        {
            ["model"] = options.Model,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = Content(request) }),
            ["temperature"] = 0,
            ["max_tokens"] = request.MaxTokens,
            ["ignore_eos"] = true,
        };
        if (_wordIds.Length > 0)
            body["allowed_token_ids"] = new JsonArray([.. _wordIds.Select(id => JsonValue.Create(id))]);
        return body;
    }

    private static JsonNode Content(LoadRequest request) => request.Images.Count == 0 && request.Video is null
        ? JsonValue.Create(request.Prompt)
        : new JsonArray(
        [
            .. request.Images.Select(p => new JsonObject
            {
                ["type"] = "image_url",
                ["image_url"] = new JsonObject { ["url"] = p.DataUri },
                ["max_soft_tokens"] = p.MaxSoftTokens,
            }),
            .. request.Video is { } video ? [video.DeepClone()] : Array.Empty<JsonNode>(),
            new JsonObject { ["type"] = "text", ["text"] = request.Prompt },
        ]);

    private static RequestResult Failed(string error) => new(error, "", TimeSpan.Zero, [], 0, 0, 0);
}
