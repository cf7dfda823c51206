using Gemma4.Engine;
using System.Text;
using Gemma4.Engine.Requests;

namespace Gemma4.Verification;

/// <summary>What a client makes of one sequence's events: the pieces joined, and the order of events checked.</summary>
public sealed class ParsedAnswer
{
    private readonly StringBuilder _reasoning = new();
    private readonly StringBuilder _content = new();
    private readonly List<Call> _calls = [];

    /// <summary>The thoughts, joined.</summary>
    public string Reasoning => _reasoning.ToString();

    /// <summary>The content, joined.</summary>
    public string Content => _content.ToString();

    /// <summary>The calls in order of their index, those that were never completed included.</summary>
    public IReadOnlyList<Call> Calls => _calls;

    /// <summary>The last event; null before it came.</summary>
    public GenerationEvent.Finished? End { get; private set; }

    /// <summary>The finish reason as OpenAI's API names it.</summary>
    public string Finish => End?.Reason switch
    {
        FinishReason.Length => "length",
        FinishReason.Stop when _calls.Any(c => c.IsComplete) => "tool_calls",
        FinishReason.Stop => "stop",
        _ => "unfinished",
    };

    /// <summary>Adds events in order.</summary>
    /// <exception cref="InvalidDataException">An event stands where it must not: a second start, pieces of another call, anything
    /// after the end.</exception>
    public void Add(IEnumerable<GenerationEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        foreach (GenerationEvent generationEvent in events)
            Add(generationEvent);
    }

    private void Add(GenerationEvent generationEvent)
    {
        Require(End is null, "an event follows the end");
        switch (generationEvent)
        {
            case GenerationEvent.Reasoning reasoning:
                Require(reasoning.Text.Length > 0, "an empty thought");
                _reasoning.Append(reasoning.Text);
                break;
            case GenerationEvent.Content content:
                Require(content.Text.Length > 0, "empty content");
                _content.Append(content.Text);
                break;
            case GenerationEvent.ToolCallStarted started:
                Require(started.Index == _calls.Count, $"call {started.Index} starts where {_calls.Count} is next");
                Require(_calls.All(c => c.Id != started.Id), "two calls have one id");
                _calls.Add(new Call(started.Id, started.Name));
                break;
            case GenerationEvent.ToolCallArguments piece:
                Require(piece.Index == _calls.Count - 1 && !_calls[^1].IsComplete, "arguments of a call that is not open");
                _calls[^1].Json.Append(piece.Json);
                break;
            case GenerationEvent.ToolCallCompleted completed:
                Require(completed.Index == _calls.Count - 1 && !_calls[^1].IsComplete, "the end of a call that is not open");
                _calls[^1].IsComplete = true;
                break;
            case GenerationEvent.Finished end:
                End = end;
                break;
        }
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds)
            throw new InvalidDataException(fault);
    }

    /// <summary>A tool call as its pieces make it.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="name">The function's name.</param>
    public sealed class Call(string id, string name)
    {
        /// <summary>Its id.</summary>
        public string Id { get; } = id;

        /// <summary>The function's name.</summary>
        public string Name { get; } = name;

        /// <summary>The pieces of its arguments, joined.</summary>
        public string Arguments => Json.ToString();

        /// <summary>The arguments are whole.</summary>
        public bool IsComplete { get; internal set; }

        internal StringBuilder Json { get; } = new();
    }
}
