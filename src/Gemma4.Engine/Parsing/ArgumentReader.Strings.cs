using System.Globalization;
using System.Text;

namespace Gemma4.Engine.Parsing;

/// <summary>Strings: Gemma's delimited ones, raw, and those in JSON's quotes or in single ones.</summary>
internal sealed partial class ArgumentReader
{
    /// <summary>Apostrophes at the start of values that may turn out to open no string. Each has the rest read again.</summary>
    private const int MaxApostrophes = 64;

    private readonly StringBuilder _heldBack = new();   // a bracket and blanks that may turn out to stand behind the string
    private readonly StringBuilder _escape = new();     // an escape of a JSON string, from its backslash on
    private string _blanksBefore = "";
    private bool _isWritten;                            // the delimited string goes to the JSON while it is open
    private int _numApostrophes;                        // that opened no string
    private int _singleQuote;                           // where in _text the quote is that may close the string

    private void BeginString(State state)
    {
        _blanksBefore = _text.ToString();
        _escape.Clear();
        Expect(state);
    }

    private void BeginDelimitedString()
    {
        BeginString(State.DelimitedString);
        _heldBack.Clear();
        // Another declared type may yet make a number of it, or true, or null.
        _isWritten = _schema.Allows(JsonTypes.String);
        if (!_isWritten)
            return;
        BeginValue();
        _json.Append('"');
    }

    private void DelimitedString(AnswerSymbol symbol)
    {
        if (symbol.Control == ControlToken.StringDelimiter)
        {
            EndDelimitedString(_text.ToString());
            return;
        }
        // Any other control token in a string is a slip of the model; its spelling is all it can mean.
        string spelled = symbol.IsText ? "" : symbol.Control.Spelling();
        symbol.SpellTo(_text);
        if (!_isWritten)
            return;
        bool mayStandBehind = symbol.IsText && _frames.Count == 1 && symbol.Char == Frame.Close;
        bool extends = _heldBack.Length > 0 && symbol.IsBlank;
        if (!mayStandBehind && !extends)
        {
            WriteHeldBack();
            AppendToString(symbol, spelled);
            return;
        }
        if (mayStandBehind)
            WriteHeldBack();
        _heldBack.Append(symbol.Char);
    }

    private void AppendToString(AnswerSymbol symbol, string spelled)
    {
        if (symbol.IsText)
            JsonText.AppendEscaped(_json, symbol.Char);
        else
            JsonText.AppendEscaped(_json, spelled);
    }

    private void WriteHeldBack()
    {
        JsonText.AppendEscaped(_json, _heldBack.ToString());
        _heldBack.Clear();
    }

    private void EndDelimitedString(string text)
    {
        if (_isWritten)
        {
            WriteHeldBack();
            _json.Append('"');
        }
        else
        {
            BeginValue();
            Literal.WriteQuoted(_json, text, _schema, _irregularities);
        }
        Expect(State.AfterString);
    }

    /// <summary>The end marker stands inside a string. It closes the last member of the call, whose final bracket is the object's.</summary>
    private void EndUnclosedString()
    {
        string text = _text.ToString();
        if (_frames.Count > 1 || HoldsDeclaredKey(text))
        {
            Fail();
            return;
        }
        _irregularities.Note(OutputIrregularity.UnclosedString);
        string trimmed = text.TrimEnd();
        bool closesObject = trimmed.EndsWith(Frame.Close);
        if (closesObject)
            _heldBack.Clear();
        EndDelimitedString(closesObject ? trimmed[..^1] : text);
        if (closesObject)
            CloseFrame();
    }

    /// <summary>A declared key after a comma: then the open string is not the last one, and where it ends is a guess.</summary>
    private bool HoldsDeclaredKey(string text)
    {
        for (int comma = text.IndexOf(','); comma >= 0; comma = text.IndexOf(',', comma + 1))
        {
            int colon = text.AsSpan(comma).IndexOfAny(':', '=') + comma;
            if (colon > comma && Frame.Schema.Declares(text[(comma + 1)..colon].Trim()))
                return true;
        }
        return false;
    }

    private void JsonString(AnswerSymbol symbol)
    {
        if (!ReadJsonCharacter(symbol))
            return;
        _irregularities.Note(OutputIrregularity.JsonString);
        WriteQuotedString(_text.ToString());
        _state = State.AfterString;
    }

    /// <summary>Reads into <see cref="_text"/>, unescaped; fails on an escape that JSON does not have.</summary>
    /// <returns>True at the closing quote.</returns>
    private bool ReadJsonCharacter(AnswerSymbol symbol)
    {
        if (!symbol.IsText)
            Fail();
        else if (_escape.Length > 0)
            ReadEscape(symbol.Char);
        else if (symbol.Char == '"')
            return true;
        else if (symbol.Char == '\\')
            _escape.Append('\\');
        else
            _text.Append(symbol.Char);
        return false;
    }

    private void ReadEscape(char c)
    {
        _escape.Append(c);
        if (_escape[1] == 'u')
        {
            if (_escape.Length > 2 && !char.IsAsciiHexDigit(c))
                Fail();
            if (_escape.Length < 6)
                return;
            _text.Append((char)ushort.Parse(_escape.ToString(2, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }
        else
        {
            int known = "\"\\/bfnrt".IndexOf(c);
            if (known < 0)
                Fail();
            else
                _text.Append("\"\\/\b\f\n\r\t"[known]);
        }
        _escape.Clear();
    }

    private void SingleQuotedString(AnswerSymbol symbol)
    {
        if (symbol.Control == ControlToken.StringDelimiter)
        {
            ReadSingleQuoteAsText();
            if (_state is not (State.Complete or State.Failed))
                Step(symbol);
            else
                NumRead--;
        }
        else if (!symbol.IsText)
        {
            Fail();
        }
        else
        {
            if (symbol.Char == '\'')
            {
                _singleQuote = _text.Length;
                _state = State.AfterSingleQuote;
            }
            _text.Append(symbol.Char);
        }
    }

    /// <summary>Behind a quote inside a string: it closes the string before a comma or the closing bracket, else it is an apostrophe.</summary>
    private void AfterSingleQuote(AnswerSymbol symbol)
    {
        if (symbol.IsBlank)
        {
            _text.Append(symbol.Char);
        }
        else if (symbol.Control == ControlToken.StringDelimiter || (symbol.IsText && (symbol.Char == ',' || symbol.Char == Frame.Close)))
        {
            CloseSingleQuotes();
            Step(symbol);
        }
        else
        {
            _state = State.SingleQuotedString;
            SingleQuotedString(symbol);
        }
    }

    private void CloseSingleQuotes()
    {
        _irregularities.Note(OutputIrregularity.SingleQuotedString);
        WriteQuotedString(_text.ToString(0, _singleQuote));
        _state = State.AfterString;
    }

    /// <summary>Nothing closes the quote: it was an apostrophe at the start of a bare value, and what followed is read again as that.</summary>
    private void ReadSingleQuoteAsText()
    {
        if (++_numApostrophes > MaxApostrophes)
        {
            Fail();
            return;
        }
        string text = "'" + _text;
        NumRead -= text.Length;
        _text.Clear().Append(_blanksBefore);
        bool first = true;
        foreach (char c in text)
        {
            if (_state is State.Complete or State.Failed)
                return;
            NumRead++;
            if (first)
                BeginBare(AnswerSymbol.Of(c));
            else
                Step(AnswerSymbol.Of(c));
            first = false;
        }
    }

    private void WriteQuotedString(string text)
    {
        BeginValue();
        Literal.WriteQuoted(_json, text, _schema, _irregularities);
        _text.Clear();
    }
}
