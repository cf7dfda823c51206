namespace Gemma4.Engine.Parsing;

/// <summary>
/// Values without delimiters. Where a string is declared, any text goes on to the next declared key or to the object's end; elsewhere
/// a literal ends at the comma, and other text at a comma that a key follows.
/// </summary>
internal sealed partial class ArgumentReader
{
    /// <summary>Literals and keys after a comma are looked for in texts up to this length, so that reading stays linear.</summary>
    private const int MaxLookedAt = 256;

    private int _depth;        // brackets opened inside the value
    private int _lastComma;    // where in _text the last comma outside those is; -1 without one

    private void BeginBare(AnswerSymbol symbol)
    {
        _state = State.Bare;
        _depth = 0;
        _lastComma = -1;
        Bare(symbol);
    }

    private void Bare(AnswerSymbol symbol)
    {
        if (symbol.Control == ControlToken.StringDelimiter)
            BareMeetsDelimiter(symbol);
        else if (!symbol.IsText)
            Fail();
        else if (_depth == 0 && symbol.Char == Frame.Close)
            EndBareAtBracket();
        else if (_depth == 0 && symbol.Char == ',' && CommaEndsValue())
            EndBare(_text.Length, symbol);
        else if (symbol.Char is ':' or '=' && TryNextKey(symbol.Char, out string key))
            EndBareBeforeKey(key, symbol.Char);
        else if (symbol.Char is '"' or '\'' && !_schema.IsString && NothingSinceComma())
            EndBareBeforeQuotedKey(symbol);
        else
            AppendBare(symbol.Char);
    }

    private void AppendBare(char c)
    {
        if (_depth == 0 && c == ',')
            _lastComma = _text.Length;
        _text.Append(c);
        if (IsOpen(c))
            _depth++;
        else if (IsClose(c) && _depth-- == 0)
            Fail();

        // In a member that is a declared string only brackets of the object's own kind say anything about its end.
        bool IsOpen(char x) => _schema.IsString && !Frame.IsArray ? x == Frame.Open : x is '{' or '[' || (x == '(' && Frame.Close == ')');
        bool IsClose(char x) => _schema.IsString && !Frame.IsArray ? x == Frame.Close : x is '}' or ']' || (x == ')' && Frame.Close == ')');
    }

    private bool CommaEndsValue() =>
        Frame.IsArray || (!_schema.IsString && (!_schema.Allows(JsonTypes.String) || IsLiteral()));

    private bool IsLiteral() => _text.Length <= MaxLookedAt && Literal.IsLiteral(_text.ToString().Trim());

    private bool NothingSinceComma() => IsNearComma() && string.IsNullOrWhiteSpace(SinceComma());

    private bool IsNearComma() => _lastComma >= 0 && _text.Length - _lastComma <= MaxLookedAt;

    private string SinceComma() => _text.ToString(_lastComma + 1, _text.Length - _lastComma - 1);

    private bool TryNextKey(char separator, out string key)
    {
        key = "";
        if (!IsNearComma() || Frame.IsArray || _depth > 0)
            return false;
        key = SinceComma().Trim();
        if (!_schema.IsString && key.Length > 0 && (separator == ':' || (Frame.Open == '(' && IsName(key))))
            return true;
        key = key.Trim('"', '\'');
        return Frame.Schema.Declares(key);
    }

    private void EndBareBeforeKey(string key, char separator)
    {
        if (!WriteBare(_text.ToString(0, _lastComma)))
            return;
        if (separator == '=')
            WriteKeyBeforeEqualsSign(key);
        else
            WriteKey(key);
    }

    private void EndBareBeforeQuotedKey(AnswerSymbol symbol)
    {
        if (!WriteBare(_text.ToString(0, _lastComma)))
            return;
        ExpectNext();
        Step(symbol);
    }

    /// <summary>A delimiter: the next key's opening one behind a comma, else the closing one of a string that lacks the opening.</summary>
    private void BareMeetsDelimiter(AnswerSymbol symbol)
    {
        if (!_schema.IsString && !Frame.IsArray && NothingSinceComma())
        {
            EndBareBeforeQuotedKey(symbol);
            return;
        }
        _irregularities.Note(OutputIrregularity.UnopenedString);
        WriteQuotedString(_text.ToString());
        _state = State.AfterValue;
    }

    private void EndBareAtBracket()
    {
        bool trailingComma = !_schema.IsString && NothingSinceComma();
        if (!WriteBare(_text.ToString(0, trailingComma ? _lastComma : _text.Length)))
            return;
        Frame.AfterComma = trailingComma;
        CloseFrame();
    }

    private void EndBare(int length, AnswerSymbol separator)
    {
        if (!WriteBare(_text.ToString(0, length)))
            return;
        _state = State.AfterValue;
        AfterValue(separator);
    }

    /// <summary>The end marker stands behind the value; if its brackets do not match, the final one is the call's.</summary>
    private void EndBareAtMarker()
    {
        string text = _text.ToString();
        string trimmed = text.TrimEnd();
        bool closesCall = _schema.IsString && _depth > 0 && _frames.Count == 1 && trimmed.EndsWith(Frame.Close);
        if (WriteBare(closesCall ? trimmed[..^1] : text) && closesCall)
            CloseFrame();
    }

    private bool WriteBare(string text)
    {
        bool isMissing = Frame.IsArray && string.IsNullOrWhiteSpace(text);
        if (isMissing)
        {
            Fail();
            return false;
        }
        BeginValue();
        if (!Literal.TryWriteBare(_json, text, _schema, _irregularities))
            Fail();
        _text.Clear();
        if (_state != State.Failed)
            _state = State.AfterValue;
        return _state != State.Failed;
    }
}
