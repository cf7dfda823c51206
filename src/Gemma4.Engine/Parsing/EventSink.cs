using System.Collections.Immutable;
using System.Text;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Parsing;

/// <summary>Collects events, neighbouring pieces of one kind joined.</summary>
internal sealed class EventSink(LogprobLedger logprobs)
{
    private enum Kind
    {
        Content,
        Reasoning,
    }

    private readonly StringBuilder _text = new();
    private readonly List<int> _groups = [];
    private List<GenerationEvent> _events = [];
    private Kind _kind;

    public void Content(char c, int group)
    {
        Begin(Kind.Content);
        _text.Append(c);
        if (_groups.Count == 0 || _groups[^1] != group)
            _groups.Add(group);
    }

    public void Reasoning(AnswerSymbol symbol)
    {
        Begin(Kind.Reasoning);
        symbol.SpellTo(_text);
    }

    public void Add(GenerationEvent generationEvent)
    {
        EndText();
        _events.Add(generationEvent);
    }

    /// <summary>Takes the events so far.</summary>
    public IReadOnlyList<GenerationEvent> Take()
    {
        EndText();
        if (_events.Count == 0)
            return [];
        List<GenerationEvent> taken = _events;
        _events = [];
        return taken;
    }

    private void Begin(Kind kind)
    {
        if (_kind != kind)
            EndText();
        _kind = kind;
    }

    private void EndText()
    {
        if (_text.Length == 0)
            return;
        string text = _text.ToString();
        _text.Clear();
        if (_kind == Kind.Reasoning)
        {
            _events.Add(new GenerationEvent.Reasoning(text));
            return;
        }
        _events.Add(new GenerationEvent.Content(text));
        ImmutableArray<(int, TokenLogprobs)> tokens = logprobs.Take(_groups);
        _groups.Clear();
        if (!tokens.IsEmpty)
            _events.Add(new GenerationEvent.Logprobs(tokens));
    }
}
