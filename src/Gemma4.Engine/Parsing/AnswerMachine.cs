using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Parsing;

/// <summary>
/// The state machine over an answer: content, thoughts, calls. Only control tokens open anything, except where an answer can
/// only mean that one was left out. What is undecided is held back, and read again as something else if it has to be.
/// </summary>
internal sealed partial class AnswerMachine
{
    /// <summary>The line that begins a thought.</summary>
    public const string Label = "thought";

    private enum State
    {
        /// <summary>At the first characters, which may be the label of a thought without its marker.</summary>
        Beginning,
        Content,

        /// <summary>Behind a channel's marker, where the label may stand.</summary>
        Label,
        Thought,

        /// <summary>Behind a call's marker.</summary>
        Call,

        /// <summary>Behind a call's last bracket.</summary>
        AfterCall,

        /// <summary>In a call that could not be read, up to its end marker.</summary>
        UnreadableCall,

        /// <summary>At what may be a call without its marker.</summary>
        Candidate,

        /// <summary>Behind such a call without a token in it that tells it from text.</summary>
        AfterCandidate,
    }

    private readonly ParserOptions _options;
    private readonly ToolSet _tools;
    private readonly EventSink _events;
    private readonly ContentWriter _content;
    private readonly Stack<AnswerSymbol> _input = [];      // next on top; more than one when symbols are read again
    private readonly List<AnswerSymbol> _held = [];        // what the state cannot decide yet
    private State _state;
    private bool _atLineStart = true;

    public AnswerMachine(ParserOptions options, AnswerStart start, EventSink events, ContentWriter content)
    {
        _options = options;
        _tools = new ToolSet(options.Tools);
        _events = events;
        _content = content;
        _state = start.Kind switch
        {
            AnswerStartKind.Thought => State.Label,
            AnswerStartKind.Fresh when options.Thinking => State.Beginning,
            _ => State.Content,
        };
        _atLineStart = start.Kind != AnswerStartKind.Continuation;
        if (start.Kind == AnswerStartKind.Thought)
            ReadPrefilled(start.ThoughtText);
    }

    /// <summary>What the answer did that the format does not foresee.</summary>
    public IrregularityCounter Irregularities { get; } = new();

    /// <summary>True when every symbol's meaning is decided.</summary>
    public bool IsDecided => _held.Count == 0 && !_content.IsHolding;

    /// <summary>Number of calls completed.</summary>
    public int NumCompletedCalls { get; private set; }

    /// <summary>True when the answer is over before the sequence is: nothing is read any more.</summary>
    public bool IsStopped => _content.StopString is not null || (!_options.ParallelToolCalls && NumCompletedCalls > 0);

    /// <summary>Reads the next symbol.</summary>
    public void Read(AnswerSymbol symbol)
    {
        _input.Push(symbol);
        ReadInput();
    }

    /// <summary>The answer ends here: decides all that is undecided.</summary>
    /// <param name="isCutOff">The model would have gone on; false when it came to its end.</param>
    public void End(bool isCutOff)
    {
        bool isMore = true;
        while (isMore && !IsStopped)
        {
            isMore = EndState(isCutOff);       // each round decides at least one symbol, so the rounds end
            ReadInput();
        }
        if (_content.StopString is null)
            _content.Flush();
    }

    private void ReadInput()
    {
        while (!IsStopped && _input.TryPop(out AnswerSymbol symbol))
            Step(symbol);
    }

    private void Step(AnswerSymbol symbol)
    {
        switch (_state)
        {
            case State.Beginning: InBeginning(symbol); break;
            case State.Content: InContent(symbol); break;
            case State.Label: InLabel(symbol); break;
            case State.Thought: InThought(symbol); break;
            case State.Call: InCall(symbol); break;
            case State.AfterCall: AfterCall(symbol); break;
            case State.UnreadableCall: InUnreadableCall(symbol); break;
            case State.Candidate: InCandidate(symbol); break;
            case State.AfterCandidate: AfterCandidate(symbol); break;
        }
    }

    /// <summary>Ends what the state has open.</summary>
    /// <returns>False when nothing had to be read again.</returns>
    private bool EndState(bool isCutOff)
    {
        switch (_state)
        {
            case State.Beginning:
                ReadAgainAsContent();
                return true;
            case State.Label:
                EndLabel();
                return false;
            case State.Call:
                EndCall(isCutOff);
                return true;
            case State.AfterCall:
                Irregularities.Note(OutputIrregularity.CallWithoutEndMarker);
                _held.Clear();
                _state = State.Content;
                return false;
            case State.Candidate or State.AfterCandidate:
                RejectCandidate();
                return true;
            default:
                return false;
        }
    }

    private void InBeginning(AnswerSymbol symbol)
    {
        if (symbol.IsText && _held.Count == Label.Length && symbol.Char == '\n')
        {
            Irregularities.Note(OutputIrregularity.ThoughtWithoutOpener);
            _held.Clear();
            _state = State.Thought;
        }
        else if (symbol.IsText && _held.Count < Label.Length && symbol.Char == Label[_held.Count])
        {
            _held.Add(symbol);
        }
        else
        {
            _input.Push(symbol);
            ReadAgainAsContent();
        }
    }

    private void InContent(AnswerSymbol symbol)
    {
        if (!symbol.IsText)
            ControlInContent(symbol);
        else if (_atLineStart && symbol.Char == 'c' && !_tools.IsEmpty)
            BeginCandidate(symbol);
        else
        {
            _content.Append(symbol);
            _atLineStart = symbol.Char == '\n';
        }
    }

    private void ControlInContent(AnswerSymbol symbol)
    {
        bool isText = symbol.Control == ControlToken.StringDelimiter
            || (_tools.IsEmpty && symbol.Control is ControlToken.ToolCallStart or ControlToken.ToolCallEnd);
        _atLineStart = !isText;
        if (isText)
            _content.Append(symbol);
        else if (symbol.Control == ControlToken.ChannelStart)
            BeginThought();
        else if (symbol.Control == ControlToken.ToolCallStart)
            BeginCall(symbol);
        else
            DropMarker(symbol);
    }

    /// <summary>A marker without effect carries no text, unless the caller wants to see special tokens.</summary>
    private void DropMarker(AnswerSymbol symbol)
    {
        if (!symbol.Control.IsStop())
            Irregularities.Note(OutputIrregularity.StrayMarker);
        if (!_options.SkipSpecialTokens)
            _content.Append(symbol);
    }

    private void ReadAgainAsContent()
    {
        _state = State.Content;
        ReadAgain(0);
    }

    /// <summary>Puts held symbols back before the input, from one of them on; drops those before it.</summary>
    private void ReadAgain(int first)
    {
        for (int i = _held.Count - 1; i >= first; i--)
            _input.Push(_held[i]);
        _held.Clear();
    }
}
