namespace Gemma4.Engine.Parsing;

/// <summary>Thoughts: from the channel's marker, or the prompt's open channel, to the closing marker, a call or the end.</summary>
internal sealed partial class AnswerMachine
{
    private int _numPrefilled;      // of the held symbols, those that stand in the prompt

    private void BeginThought()
    {
        _content.Flush();
        _state = State.Label;
    }

    private void InLabel(AnswerSymbol symbol)
    {
        if (!symbol.IsText)
        {
            EndLabel();
            InThought(symbol);
        }
        else if (_held.Count == Label.Length && symbol.Char == '\n')
        {
            EndLabel();
        }
        else
        {
            _held.Add(symbol);
            bool mayBeLabel = _held.Count <= Label.Length && symbol.Char == Label[_held.Count - 1];
            if (!mayBeLabel)
                EndLabel();
        }
    }

    /// <summary>The label's line is over: it is dropped if it is the label and nothing else, and is the thought's first line otherwise.</summary>
    private void EndLabel()
    {
        bool isLabel = _held.Count == Label.Length && _held[^1].Char == Label[^1];
        foreach (AnswerSymbol symbol in isLabel ? [] : _held.Skip(_numPrefilled))
            _events.Reasoning(symbol);
        _held.Clear();
        _numPrefilled = 0;
        _state = State.Thought;
    }

    private void InThought(AnswerSymbol symbol)
    {
        switch (symbol.Control)
        {
            case ControlToken.None or ControlToken.StringDelimiter:
                _events.Reasoning(symbol);
                break;
            case ControlToken.ChannelStart:
                Irregularities.Note(OutputIrregularity.StrayMarker);
                _state = State.Label;
                break;
            case ControlToken.ChannelEnd:
                _state = State.Content;
                _atLineStart = true;
                break;
            case ControlToken.ToolCallEnd or ControlToken.ToolResponseEnd or ControlToken.TurnStart:
                Irregularities.Note(OutputIrregularity.StrayMarker);
                break;
            default:      // a call, or the end of the turn, ends the thought
                _state = State.Content;
                ControlInContent(symbol);
                break;
        }
    }

    /// <summary>The thought's text in the prompt: it may be the label, or its beginning, and is not part of the answer.</summary>
    private void ReadPrefilled(string thought)
    {
        if (Label.StartsWith(thought, StringComparison.Ordinal))
            _held.AddRange(thought.Select(c => AnswerSymbol.Of(c)));
        else
            _state = State.Thought;
        _numPrefilled = _held.Count;
    }
}
