using System.Text.Json.Nodes;

namespace Gemma4.Server.Terminal;

/// <summary>What was said so far, as the API takes it, and what goes with the next message.</summary>
internal sealed class Conversation
{
    private readonly List<JsonObject> _messages = [];
    private readonly List<JsonObject> _attached = [];

    /// <summary>What the model is told before it.</summary>
    public string? System { get; set; }

    /// <summary>How much the model is to think; null leaves it to the server.</summary>
    public string? Effort { get; set; }

    /// <summary>Files that go with the next message.</summary>
    public int NumAttached => _attached.Count;

    /// <summary>Puts a file to the next message.</summary>
    public void Attach(JsonObject part) => _attached.Add(part);

    /// <summary>Forgets all that was said.</summary>
    public void Clear()
    {
        _messages.Clear();
        _attached.Clear();
    }

    /// <summary>The request that asks for an answer to a text.</summary>
    public JsonObject Ask(string model, string text)
    {
        JsonNode content = _attached.Count == 0 ? JsonValue.Create(text)
            : new JsonArray([.. _attached.Select(part => part.DeepClone()), new JsonObject { ["type"] = "text", ["text"] = text }]);
        _messages.Add(new JsonObject { ["role"] = "user", ["content"] = content });
        IEnumerable<JsonObject> before = System is null ? [] : [new JsonObject { ["role"] = "system", ["content"] = System }];
        var body = new JsonObject { ["model"] = model, ["stream"] = true, ["messages"] = new JsonArray([.. before.Concat(_messages).Select(message => message.DeepClone())]) };
        if (Effort is not null)
            body["reasoning_effort"] = Effort;
        return body;
    }

    /// <summary>The answer has come, or as much of it as was wanted. Thoughts are not kept: the template drops them anyway.</summary>
    public void Answered(string text)
    {
        _messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = text });
        _attached.Clear();
    }

    /// <summary>There was no answer: the question is taken back, and its files wait for the next.</summary>
    public void Failed() => _messages.RemoveAt(_messages.Count - 1);
}
