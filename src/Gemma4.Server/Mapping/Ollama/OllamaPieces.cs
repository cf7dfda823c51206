using System.Text;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Ollama;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Ollama;

/// <summary>Events of an answer to messages that each hold a piece of it: text, a thought, or a whole call.</summary>
internal sealed class OllamaPieces
{
    private readonly StringBuilder _arguments = new();
    private GenerationEvent.ToolCallStarted? _call;

    /// <summary>Why the answer ended, in Ollama's words.</summary>
    public string DoneReason { get; private set; } = "stop";

    /// <summary>What an event adds; null for nothing. A call that is cut is none: its arguments are no object.</summary>
    public OllamaMessage? Map(GenerationEvent item)
    {
        switch (item)
        {
            case GenerationEvent.Content { Text.Length: > 0 } content:
                return Message(content.Text);
            case GenerationEvent.Reasoning { Text.Length: > 0 } reasoning:
                return Message("") with { Thinking = reasoning.Text };
            case GenerationEvent.ToolCallStarted call:
                _call = call;
                _arguments.Clear();
                return null;
            case GenerationEvent.ToolCallArguments arguments:
                _arguments.Append(arguments.Json);
                return null;
            case GenerationEvent.ToolCallCompleted:
                return Message("") with { ToolCalls = [Call()] };
            case GenerationEvent.Finished finished:
                DoneReason = finished.Reason == FinishReason.Length ? "length" : "stop";
                return null;
            default:
                return null;
        }
    }

    /// <summary>The whole answer.</summary>
    public OllamaMessage Join(IEnumerable<SequenceEvent> events)
    {
        OllamaMessage[] pieces = [.. events.Select(e => Map(e.Event)).OfType<OllamaMessage>()];
        string thought = string.Concat(pieces.Select(p => p.Thinking));
        OllamaToolCall[] calls = [.. pieces.SelectMany(p => p.ToolCalls ?? [])];
        return Message(string.Concat(pieces.Select(p => p.Content))) with
        {
            Thinking = thought.Length == 0 ? null : thought,
            ToolCalls = calls.Length == 0 ? null : calls,
        };
    }

    /// <summary>A message that holds this text.</summary>
    public static OllamaMessage Message(string text) => new() { Role = "assistant", Content = text };

    private OllamaToolCall Call() => new()
    {
        Id = _call!.Id,
        Function = new OllamaFunctionCall { Index = _call.Index, Name = _call.Name, Arguments = JsonElement.Parse(_arguments.ToString()) },
    };
}
