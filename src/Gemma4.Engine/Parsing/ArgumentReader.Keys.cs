namespace Gemma4.Engine.Parsing;

/// <summary>Keys: free text up to the colon, delimited, or in the quotes of other languages.</summary>
internal sealed partial class ArgumentReader
{
    private void BeforeKey(AnswerSymbol symbol)
    {
        if (symbol.IsBlank)
            return;
        if (symbol.Control == ControlToken.StringDelimiter)
            Expect(State.DelimitedKey);
        else if (!symbol.IsText)
            Fail();
        else if (symbol.Char == Frame.Close)
            CloseFrame();
        else if (symbol.Char == '"')
            BeginString(State.JsonKey);
        else if (symbol.Char == '\'')
            BeginString(State.SingleQuotedKey);
        else
        {
            Expect(State.FreeKey);
            FreeKey(symbol);
        }
    }

    private void FreeKey(AnswerSymbol symbol)
    {
        if (symbol.IsText && symbol.Char == ':')
            WriteKey(_text.ToString().Trim());
        else if (symbol.IsText && symbol.Char == '=' && IsName(_text.ToString().Trim()))
            WriteKeyBeforeEqualsSign(_text.ToString().Trim());
        else if (symbol.IsText && symbol.Char is not (',' or '{' or '}' or '[' or ']') && symbol.Char != Frame.Close)
            _text.Append(symbol.Char);
        else
            Fail();
    }

    private void DelimitedKey(AnswerSymbol symbol)
    {
        if (symbol.Control == ControlToken.StringDelimiter)
            _state = State.AfterKey;
        else
            symbol.SpellTo(_text);
    }

    private void SingleQuotedKey(AnswerSymbol symbol)
    {
        if (!symbol.IsText)
            Fail();
        else if (symbol.Char == '\'')
            EndQuotedKey(OutputIrregularity.SingleQuotedString);
        else
            _text.Append(symbol.Char);
    }

    private void JsonKey(AnswerSymbol symbol)
    {
        if (ReadJsonCharacter(symbol))
            EndQuotedKey(OutputIrregularity.JsonString);
    }

    private void EndQuotedKey(OutputIrregularity quotes)
    {
        _irregularities.Note(quotes);
        _state = State.AfterKey;
    }

    private void AfterKey(AnswerSymbol symbol)
    {
        if (symbol.IsBlank)
            return;
        if (symbol.IsText && symbol.Char == ':')
            WriteKey(_text.ToString());
        else if (symbol.IsText && symbol.Char == '=')
            WriteKeyBeforeEqualsSign(_text.ToString());
        else
            Fail();
    }

    private void WriteKeyBeforeEqualsSign(string key)
    {
        _irregularities.Note(OutputIrregularity.EqualsSign);
        WriteKey(key);
    }

    private void WriteKey(string key)
    {
        if (key.Length == 0)
        {
            Fail();
            return;
        }
        BeginEntry();
        _json.Append('"');
        JsonText.AppendEscaped(_json, key);
        _json.Append("\":");
        ExpectValue(Frame.Schema.Member(key));
    }

    /// <summary>Only behind a plain name does <c>=</c> stand for a colon; <c>price&gt;=</c> is a key of its own.</summary>
    private static bool IsName(string text) =>
        text.Length > 0 && text.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.');
}
