using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>Sends every whole answer that passes through it back as history, with results for its calls and another question behind it: whatever
/// this server answers it must take.</summary>
internal sealed class SentBack : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Contents are disposed when they are sent.
        string? asked = request.Content?.Headers.ContentType?.MediaType == "application/json" ? await request.Content.ReadAsStringAsync(cancellationToken) : null;
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        if (asked is null || !response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType != "application/json")
            return response;
        await response.Content.LoadIntoBufferAsync(cancellationToken);
        string answer = await response.Content.ReadAsStringAsync(cancellationToken);
        foreach ((string path, JsonObject body) in Histories(request.RequestUri!.AbsolutePath, JsonNode.Parse(asked)!.AsObject(), JsonNode.Parse(answer)!.AsObject()))
            await CheckAsync(request, path, body, answer, cancellationToken);
        return response;
    }

    /// <summary>The conversations that an answer begins, each with where its prompt can be had without an answer.</summary>
    private static IEnumerable<(string Path, JsonObject Body)> Histories(string path, JsonObject asked, JsonObject answer) => path switch
    {
        "/v1/chat/completions" => answer["choices"]!.AsArray().Select(choice => ("/v1/chat/completions/render", Chat(asked, choice!["message"]!.AsObject()))),
        "/v1/responses" when answer["status"]!.GetValue<string>() is "completed" or "incomplete" => [("/v1/responses/input_tokens", Response(asked, answer["output"]!.AsArray()))],
        "/v1/messages" => [("/v1/messages/count_tokens", Message(asked, answer["content"]!.AsArray()))],
        _ => [],
    };

    private static JsonObject Chat(JsonObject asked, JsonObject message)
    {
        JsonArray messages = [new JsonObject { ["role"] = "user", ["content"] = "Hi" }, message.DeepClone()];
        foreach (JsonNode? call in message["tool_calls"]?.AsArray() ?? [])
            messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = call!["id"]!.DeepClone(), ["content"] = "done" });
        messages.Add(new JsonObject { ["role"] = "user", ["content"] = "And now?" });
        return Body(asked, "messages", messages);
    }

    private static JsonObject Response(JsonObject asked, JsonArray output)
    {
        JsonArray items = [new JsonObject { ["role"] = "user", ["content"] = "Hi" }];
        foreach (JsonNode? item in output)
            items.Add(item!.DeepClone());
        foreach (JsonNode? call in output.Where(item => item!["call_id"] is not null))
            items.Add(new JsonObject { ["type"] = $"{call!["type"]}_output", ["call_id"] = call["call_id"]!.DeepClone(), ["output"] = "done" });
        items.Add(new JsonObject { ["role"] = "user", ["content"] = "And now?" });
        return Body(asked, "input", items);
    }

    private static JsonObject Message(JsonObject asked, JsonArray content)
    {
        JsonArray next = [];
        foreach (JsonNode? call in content.Where(block => block!["type"]!.GetValue<string>() == "tool_use"))
            next.Add(new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = call!["id"]!.DeepClone(), ["content"] = "done" });
        next.Add(new JsonObject { ["type"] = "text", ["text"] = "And now?" });
        JsonArray messages =
        [
            new JsonObject { ["role"] = "user", ["content"] = "Hi" },
            new JsonObject { ["role"] = "assistant", ["content"] = content.DeepClone() },
            new JsonObject { ["role"] = "user", ["content"] = next },
        ];
        return Body(asked, "messages", messages);
    }

    private static JsonObject Body(JsonObject asked, string field, JsonArray conversation)
    {
        var body = new JsonObject { ["model"] = asked["model"]?.DeepClone(), [field] = conversation };
        if (asked["tools"] is { } tools)
            body["tools"] = tools.DeepClone();
        return body;
    }

    private async Task CheckAsync(HttpRequestMessage like, string path, JsonObject body, string answer, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(like.RequestUri!, path))
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        foreach ((string name, IEnumerable<string> values) in like.Headers)
            request.Headers.TryAddWithoutValidation(name, values);
        using HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        string taken = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path} refuses its own answer {answer}: {taken}");
    }
}
