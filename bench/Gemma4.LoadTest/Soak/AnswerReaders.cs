using System.Text;
using System.Text.Json.Nodes;

namespace Gemma4.LoadTest.Soak;

/// <summary><c>/v1/chat/completions</c>.</summary>
internal sealed class ChatReader : IAnswerReader
{
    public string Whole(string body)
    {
        JsonNode choice = JsonNode.Parse(body)!["choices"]![0]!, message = choice["message"]!;
        IEnumerable<string> calls = message["tool_calls"] is JsonArray list ? list.Select(c => $"{c!["function"]!["name"]}{c["function"]!["arguments"]}") : [];
        return Said((string?)message["content"], calls, (string?)choice["finish_reason"]);
    }

    public string Pieces(IReadOnlyList<string> pieces)
    {
        var text = new StringBuilder();
        var calls = new SortedDictionary<int, StringBuilder>();
        string? finish = null;
        foreach (string piece in pieces.Where(p => p != "[DONE]"))
        {
            JsonNode chunk = JsonNode.Parse(piece)!;
            if (chunk["error"] is JsonNode error)
                throw new ErrorFrameException(error["message"]!.ToString());
            if (chunk["choices"] is not JsonArray { Count: > 0 } choices)
                continue;
            text.Append((string?)choices[0]!["delta"]?["content"]);
            foreach (JsonNode? call in choices[0]!["delta"]?["tool_calls"] as JsonArray ?? [])
            {
                int index = (int)call!["index"]!;
                calls.TryAdd(index, new StringBuilder());
                calls[index].Append((string?)call["function"]?["name"]).Append((string?)call["function"]?["arguments"]);
            }
            finish = (string?)choices[0]!["finish_reason"] ?? finish;
        }
        return pieces is [.., "[DONE]"] ? Said(text.ToString(), calls.Values.Select(c => c.ToString()), finish) : throw new InvalidDataException("the stream ended without [DONE]");
    }

    private static string Said(string? text, IEnumerable<string> calls, string? finish) =>
        finish is null ? throw new InvalidDataException("no finish_reason") : $"{text}|{string.Join(';', calls)}|{finish}";
}

/// <summary><c>/v1/responses</c>.</summary>
internal sealed class ResponsesReader : IAnswerReader
{
    public string Whole(string body) => Said(JsonNode.Parse(body)!);

    public string Pieces(IReadOnlyList<string> pieces)
    {
        JsonNode last = JsonNode.Parse(pieces.LastOrDefault(p => p != "[DONE]") ?? throw new InvalidDataException("no event"))!;
        return (string?)last["type"] switch
        {
            "response.completed" or "response.incomplete" => Said(last["response"]!),
            "response.failed" => throw new ErrorFrameException(last["response"]!["error"]!["message"]!.ToString()),
            "error" => throw new ErrorFrameException(last.ToJsonString()),
            string type => throw new InvalidDataException($"the stream ended with {type}"),
            null => throw new InvalidDataException("an event without a type"),
        };
    }

    private static string Said(JsonNode response) => (string?)response["status"] is "completed" or "incomplete"
        ? string.Concat(response["output"]!.AsArray().SelectMany(item => item!["content"] as JsonArray ?? []).Select(part => (string?)part!["text"])) + $"|{response["status"]}"
        : throw new InvalidDataException($"status {response["status"]}: {response["error"]}");
}

/// <summary><c>/v1/messages</c>.</summary>
internal sealed class MessagesReader : IAnswerReader
{
    public string Whole(string body)
    {
        JsonNode message = JsonNode.Parse(body)!;
        return Said(string.Concat(message["content"]!.AsArray().Select(block => (string?)block!["text"])), (string?)message["stop_reason"]);
    }

    public string Pieces(IReadOnlyList<string> pieces)
    {
        var text = new StringBuilder();
        string? stop = null, type = null;
        foreach (JsonNode piece in pieces.Select(p => JsonNode.Parse(p)!))
        {
            type = (string?)piece["type"];
            if (type == "error")
                throw new ErrorFrameException(piece["error"]!["message"]!.ToString());
            text.Append((string?)piece["delta"]?["text"]);
            stop = (string?)piece["delta"]?["stop_reason"] ?? stop;
        }
        return type == "message_stop" ? Said(text.ToString(), stop) : throw new InvalidDataException($"the stream ended with {type ?? "nothing"}");
    }

    private static string Said(string text, string? stop) => stop is null ? throw new InvalidDataException("no stop_reason") : $"{text}|{stop}";
}

/// <summary><c>/api/chat</c>: an object a line.</summary>
internal sealed class OllamaReader : IAnswerReader
{
    public string Whole(string body) => Pieces([body]);

    public string Pieces(IReadOnlyList<string> pieces)
    {
        var text = new StringBuilder();
        JsonNode? last = null;
        foreach (string piece in pieces)
        {
            last = JsonNode.Parse(piece)!;
            if (last["error"] is JsonNode error)
                throw new ErrorFrameException(error.ToString());
            text.Append((string?)last["message"]?["content"]);
        }
        return (bool?)last?["done"] == true ? $"{text}|{last["done_reason"]}" : throw new InvalidDataException("the stream ended without done");
    }
}

/// <summary><c>/v1/audio/transcriptions</c>, in one piece.</summary>
internal sealed class TranscriptionReader : IAnswerReader
{
    public string Whole(string body) => (string?)JsonNode.Parse(body)!["text"] ?? throw new InvalidDataException("no text");

    public string Pieces(IReadOnlyList<string> pieces) => throw new NotSupportedException();
}
