using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gemma4.Server.Terminal;

/// <summary>Asks a server that speaks OpenAI's chat API.</summary>
internal sealed class ChatClient : IDisposable
{
    private const int MaxErrorChars = 4096;

    private readonly HttpClient _client;

    /// <param name="address">The server, with or without <c>/v1</c>.</param>
    /// <param name="key">Its key; null where it wants none.</param>
    public ChatClient(Uri address, string? key)
    {
        string root = address.AbsoluteUri.TrimEnd('/');
        Address = new Uri((root.EndsWith("/v1", StringComparison.Ordinal) ? root : root + "/v1") + "/");
        _client = new HttpClient { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Where its API is.</summary>
    public Uri Address { get; }

    /// <summary>The first model that it serves.</summary>
    /// <exception cref="ChatException">It does not answer, or serves none.</exception>
    public async Task<string> ModelAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "models"), cancellationToken);
        JsonNode? models = Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return Text((models as JsonObject)?["data"] is JsonArray { Count: > 0 } list ? (list[0] as JsonObject)?["id"] : null)
            ?? throw new ChatException($"{Address} serves no models.");
    }

    /// <summary>An answer, while it is written. Leaving the enumeration ends it on the server.</summary>
    /// <exception cref="ChatException">The server refuses, or its answer breaks off.</exception>
    public async IAsyncEnumerable<ChatPiece> AskAsync(JsonObject body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "chat/completions") { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using IAsyncEnumerator<SseItem<string>> events = SseParser.Create(stream).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(events) && events.Current.Data != "[DONE]")
        {
            if (Parse(events.Current.Data) is not JsonObject chunk)
                continue;
            if (chunk["error"] is JsonObject error)
                throw new ChatException(Text(error["message"]) ?? "The server ended the answer with an error.");
            JsonObject? delta = (chunk["choices"] is JsonArray { Count: > 0 } choices ? choices[0] as JsonObject : null)?["delta"] as JsonObject;
            if ((Text(delta?["reasoning_content"]) ?? Text(delta?["reasoning"])) is { Length: > 0 } thought)
                yield return new ChatPiece(thought, IsThought: true);
            if (Text(delta?["content"]) is { Length: > 0 } text)
                yield return new ChatPiece(text, IsThought: false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<bool> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new ChatException($"The connection to {Address} broke: {exception.GetBaseException().Message}");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new ChatException($"{Address} does not answer: {exception.GetBaseException().Message}. Start a server with gemma4 serve, or leave --url away.");
        }
        if (response.IsSuccessStatusCode)
            return response;
        string answer = await response.Content.ReadAsStringAsync(cancellationToken);
        response.Dispose();
        string said = Text(((Parse(answer) as JsonObject)?["error"] as JsonObject)?["message"]) ?? answer[..Math.Min(answer.Length, MaxErrorChars)];
        throw new ChatException($"{(int)response.StatusCode}: {said}");
    }

    private static JsonNode? Parse(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            return null; // not a server of this API; what is missing is said where it is missed
        }
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
