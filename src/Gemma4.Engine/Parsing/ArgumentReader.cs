using System.Text;

namespace Gemma4.Engine.Parsing;

/// <summary>
/// Reads the arguments of one call, <c>{key:value,…}</c> in Gemma's notation, and writes them as JSON while it reads. Accepts
/// the malformations that have one meaning and fails on the others.
/// </summary>
/// <remarks>
/// A pushdown automaton over symbols: nothing is read twice except an apostrophe that turned out to open no string. This file has
/// the structure of objects and arrays; keys, strings and bare values have a file each.
/// </remarks>
internal sealed partial class ArgumentReader
{
    private enum State
    {
        BeforeKey,
        FreeKey,
        DelimitedKey,
        JsonKey,
        SingleQuotedKey,
        AfterKey,
        BeforeValue,
        DelimitedString,
        JsonString,
        SingleQuotedString,
        AfterSingleQuote,
        Bare,
        AfterString,
        AfterValue,
        Complete,
        Failed,
    }

    /// <summary>Objects and arrays inside one another. Deeper arguments could not be read back: JSON readers stop at 64 levels, and some
    /// stand around the arguments.</summary>
    private const int MaxDepth = 56;

    private readonly Stack<ArgumentFrame> _frames = [];
    private readonly StringBuilder _json = new();
    private readonly StringBuilder _text = new();     // the key or value being read, as far as it is not written yet
    private readonly IrregularityCounter _irregularities;
    private State _state = State.BeforeKey;
    private ParameterSchema _schema;                  // of the value being read

    /// <summary>Starts behind the opening bracket.</summary>
    /// <param name="parameters">The schema of the arguments.</param>
    /// <param name="open">The bracket, <c>{</c> or <c>(</c>.</param>
    /// <param name="irregularities">Where repairs are noted.</param>
    public ArgumentReader(ParameterSchema parameters, char open, IrregularityCounter irregularities)
    {
        _irregularities = irregularities;
        if (open == '(')
            _irregularities.Note(OutputIrregularity.RoundBrackets);
        _frames.Push(new ArgumentFrame(parameters, open));
        _json.Append('{');
    }

    /// <summary>The JSON written so far; it only grows.</summary>
    public StringBuilder Json => _json;

    /// <summary>Symbols read. When complete, what was given beyond them stands behind the object.</summary>
    public int NumRead { get; private set; }

    /// <summary>JSON for what is read and not yet written, for arguments that are cut off after their start was passed on.</summary>
    public string Remainder
    {
        get
        {
            var rest = new StringBuilder();
            bool isKey = _state is State.FreeKey or State.DelimitedKey or State.JsonKey or State.SingleQuotedKey or State.AfterKey;
            bool isValue = _state is State.JsonString or State.SingleQuotedString or State.AfterSingleQuote or State.Bare
                || (_state is State.DelimitedString && !_isWritten);
            if (_state is State.DelimitedString && _isWritten)
            {
                JsonText.AppendEscaped(rest, _heldBack.ToString());
            }
            else if (isKey || isValue)
            {
                rest.Append((isKey || Frame.IsArray) && Frame.Count > 0 ? ",\"" : "\"");
                JsonText.AppendEscaped(rest, _text.ToString());
                JsonText.AppendEscaped(rest, _escape.ToString());
            }
            return rest.ToString();
        }
    }

    private ArgumentFrame Frame => _frames.Peek();

    private ReadStatus Status => _state switch
    {
        State.Complete => ReadStatus.Complete,
        State.Failed => ReadStatus.Failed,
        _ => ReadStatus.Reading,
    };

    /// <summary>Reads one more symbol. Not to be called once the status is another than reading.</summary>
    public ReadStatus Read(AnswerSymbol symbol)
    {
        NumRead++;
        Step(symbol);
        return Status;
    }

    /// <summary>The end marker stands here although brackets are open: closes what can only be closed in one way.</summary>
    public ReadStatus End()
    {
        if (_state is State.SingleQuotedString)
            ReadSingleQuoteAsText();
        switch (_state)
        {
            case State.DelimitedString: EndUnclosedString(); break;
            case State.AfterSingleQuote: CloseSingleQuotes(); break;
            case State.Bare: EndBareAtMarker(); break;
            case State.BeforeValue when !Frame.IsArray: WriteBare(""); break;
            case State.AfterValue or State.AfterString or State.BeforeKey: break;
            case State.BeforeValue: break;
            case State.Complete: return ReadStatus.Complete;
            default: Fail(); break;
        }
        if (_state == State.Failed)
            return Status;
        if (_frames.Count > 0)
            _irregularities.Note(OutputIrregularity.MissingBrackets);
        while (_frames.Count > 0)
            Pop();
        return Status;
    }

    private void Step(AnswerSymbol symbol)
    {
        switch (_state)
        {
            case State.BeforeKey: BeforeKey(symbol); break;
            case State.FreeKey: FreeKey(symbol); break;
            case State.DelimitedKey: DelimitedKey(symbol); break;
            case State.JsonKey: JsonKey(symbol); break;
            case State.SingleQuotedKey: SingleQuotedKey(symbol); break;
            case State.AfterKey: AfterKey(symbol); break;
            case State.BeforeValue: BeforeValue(symbol); break;
            case State.DelimitedString: DelimitedString(symbol); break;
            case State.JsonString: JsonString(symbol); break;
            case State.SingleQuotedString: SingleQuotedString(symbol); break;
            case State.AfterSingleQuote: AfterSingleQuote(symbol); break;
            case State.Bare: Bare(symbol); break;
            case State.AfterString: AfterString(symbol); break;
            case State.AfterValue: AfterValue(symbol); break;
            default: throw new InvalidOperationException("the arguments are already read");
        }
    }

    private void BeforeValue(AnswerSymbol symbol)
    {
        if (symbol.Control == ControlToken.StringDelimiter)
            BeginDelimitedString();
        else if (!symbol.IsText)
            Fail();
        else if (symbol.IsBlank)
            _text.Append(symbol.Char);
        else if (symbol.Char == '"')
            BeginString(State.JsonString);
        else if (symbol.Char == '\'')
            BeginString(State.SingleQuotedString);
        else if (symbol.Char is '{' or '[' && !_schema.IsString)
            Push(symbol.Char);
        else if (symbol.Char == Frame.Close && Frame.IsArray)
            CloseFrame();
        else
            BeginBare(symbol);
    }

    /// <summary>Behind a value: a comma or the closing bracket.</summary>
    private void AfterValue(AnswerSymbol symbol)
    {
        if (symbol.IsBlank)
            return;
        if (symbol.IsText && symbol.Char == ',')
            ExpectNext();
        else if (symbol.IsText && symbol.Char == Frame.Close)
            CloseFrame();
        else
            Fail();
    }

    /// <summary>Behind a closed string, where the model may have put one delimiter too many.</summary>
    private void AfterString(AnswerSymbol symbol)
    {
        if (symbol.Control == ControlToken.StringDelimiter)
        {
            _irregularities.Note(OutputIrregularity.DanglingDelimiter);
            _state = State.AfterValue;
        }
        else
        {
            AfterValue(symbol);
        }
    }

    private void ExpectNext()
    {
        Frame.AfterComma = true;
        if (Frame.IsArray)
            ExpectValue(Frame.Schema.Item(Frame.Count));
        else
            Expect(State.BeforeKey);
    }

    private void ExpectValue(ParameterSchema schema)
    {
        _schema = schema;
        Expect(State.BeforeValue);
    }

    private void Expect(State state)
    {
        _text.Clear();
        _state = state;
    }

    private void Push(char open)
    {
        if (_frames.Count == MaxDepth)
        {
            Fail();
            return;
        }
        BeginValue();
        _json.Append(open);
        var frame = new ArgumentFrame(_schema, open);
        _frames.Push(frame);
        if (frame.IsArray)
            ExpectValue(frame.Schema.Item(0));
        else
            Expect(State.BeforeKey);
    }

    private void CloseFrame()
    {
        if (Frame.AfterComma)
            _irregularities.Note(OutputIrregularity.TrailingComma);
        Pop();
    }

    private void Pop()
    {
        _json.Append(_frames.Pop().IsArray ? ']' : '}');
        Expect(_frames.Count == 0 ? State.Complete : State.AfterValue);
    }

    /// <summary>Separates an array's item from the one before; members are separated where their keys are written.</summary>
    private void BeginValue()
    {
        if (Frame.IsArray)
            BeginEntry();
    }

    private void BeginEntry()
    {
        if (Frame.Count++ > 0)
            _json.Append(',');
        Frame.AfterComma = false;
    }

    private void Fail() => _state = State.Failed;
}
