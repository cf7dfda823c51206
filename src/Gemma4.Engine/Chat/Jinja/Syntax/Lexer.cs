namespace Gemma4.Engine.Chat.Jinja.Syntax;

/// <summary>Cuts a template into tokens, with jinja2's rules for blanks: <c>trim_blocks</c> and <c>lstrip_blocks</c> are on, as
/// they are for every chat template, and <c>-</c> and <c>+</c> at a tag override them.</summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private int _lineCountedTo;

    private Lexer(string source) => _source = source;

    /// <summary>All tokens of a template, ending in one of kind <see cref="TokenKind.End"/>.</summary>
    public static List<Token> Tokenize(string source)
    {
        string normal = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var lexer = new Lexer(normal.EndsWith('\n') ? normal[..^1] : normal);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_at < _source.Length)
        {
            int tag = NextTag(_at);
            if (tag < 0)
            {
                Add(TokenKind.Text, _source[_at..], _at);
                _at = _source.Length;
                break;
            }
            char kind = _source[tag + 1];
            char sign = SignAt(tag + 2);
            AddTextBefore(tag, sign, mayStripLine: kind != '{');
            int inside = tag + 2 + (sign == '\0' ? 0 : 1);
            if (kind == '#')
                SkipComment(tag, inside);
            else if (kind == '%' && TrySkipRawBegin(inside, out int raw))
                ReadRaw(tag, raw);
            else
                ReadTag(tag, inside, isBlock: kind == '%');
        }
        Add(TokenKind.End, "", _source.Length);
    }

    private int NextTag(int from)
    {
        for (int i = _source.IndexOf('{', from); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
        {
            if (_source[i + 1] is '{' or '%' or '#')
                return i;
        }
        return -1;
    }

    private char SignAt(int at) => at < _source.Length && _source[at] is '-' or '+' ? _source[at] : '\0';

    private void AddTextBefore(int tag, char sign, bool mayStripLine)
    {
        int end = tag;
        if (sign == '-')
        {
            while (end > _at && PythonText.IsSpace(_source[end - 1]))
                end--;
        }
        else if (sign != '+' && mayStripLine)
        {
            int blank = tag;
            while (blank > _at && _source[blank - 1] != '\n' && PythonText.IsSpace(_source[blank - 1]))
                blank--;
            // Only blanks between the start of the line and the tag go.
            if (blank == 0 || _source[blank - 1] == '\n')
                end = blank;
        }
        if (end > _at)
            Add(TokenKind.Text, _source[_at..end], _at);
    }

    private void SkipComment(int tag, int inside)
    {
        int end = _source.IndexOf("#}", inside, StringComparison.Ordinal);
        if (end < 0 && inside < _source.Length)
            throw Error("Missing end of comment tag", tag);
        if (end < 0)
        {
            _at = inside; // a bare opening at the very end is no error to jinja2 either
            return;
        }
        char sign = end > inside ? _source[end - 1] : '\0';
        _at = AfterTag(end + 2, sign is '-' or '+' ? sign : '\0', trimsNewline: true);
    }

    private bool TrySkipRawBegin(int inside, out int after)
    {
        after = SkipSpace(inside);
        if (!_source.AsSpan(after).StartsWith("raw") || (after + 3 < _source.Length && PythonText.IsWord(_source[after + 3])))
            return false;
        after = SkipSpace(after + 3);
        if (_source.AsSpan(after).StartsWith("-%}"))
            after = SkipSpace(after + 3);
        else if (_source.AsSpan(after).StartsWith("%}"))
            after += 2;
        else
            return false;
        return true;
    }

    private void ReadRaw(int tag, int from)
    {
        for (int end = _source.IndexOf("{%", from, StringComparison.Ordinal); end >= 0; end = _source.IndexOf("{%", end + 1, StringComparison.Ordinal))
        {
            char sign = SignAt(end + 2);
            int word = SkipSpace(end + 2 + (sign == '\0' ? 0 : 1));
            if (!_source.AsSpan(word).StartsWith("endraw"))
                continue;
            int close = SkipSpace(word + "endraw".Length);
            char closeSign = SignAt(close);
            if (closeSign != '\0')
                close++;
            if (!_source.AsSpan(close).StartsWith("%}"))
                continue;
            _at = from;
            AddTextBefore(end, sign, mayStripLine: true);
            _at = AfterTag(close + 2, closeSign, trimsNewline: true);
            return;
        }
        throw Error("Missing end of raw directive", tag);
    }

    private void ReadTag(int tag, int inside, bool isBlock)
    {
        Add(isBlock ? TokenKind.BlockBegin : TokenKind.VariableBegin, "", tag);
        var open = new Stack<char>();
        string close = isBlock ? "%}" : "}}";
        for (_at = SkipSpace(inside); _at < _source.Length; _at = SkipSpace(_at))
        {
            ReadOnlySpan<char> rest = _source.AsSpan(_at);
            char sign = SignAt(_at);
            bool isSigned = sign == '-' || (sign == '+' && isBlock);
            if (open.Count == 0 && (rest.StartsWith(close) || (isSigned && rest[1..].StartsWith(close))))
            {
                Add(isBlock ? TokenKind.BlockEnd : TokenKind.VariableEnd, "", _at);
                _at = AfterTag(_at + (isSigned ? 3 : 2), isSigned ? sign : '\0', trimsNewline: isBlock);
                return;
            }
            ReadWord(open);
        }
    }

    private void ReadWord(Stack<char> open)
    {
        int start = _at;
        (TokenKind kind, int length) = WordScanner.Scan(_source, start);
        if (length == 0)
            throw Error($"unexpected char '{_source[start]}'", start);
        _at += length;
        string text = _source.Substring(start, length);
        if (kind == TokenKind.String)
        {
            if (!StringLiteral.TryDecode(text[1..^1], out text))
                throw Error("a string has a broken escape", start);
        }
        else if (kind == TokenKind.Operator)
        {
            Balance(open, text[0], start);
        }
        Add(kind, text, start);
    }

    private void Balance(Stack<char> open, char bracket, int at)
    {
        if (bracket is '(' or '[' or '{')
        {
            open.Push(bracket switch { '(' => ')', '[' => ']', _ => '}' });
        }
        else if (bracket is ')' or ']' or '}')
        {
            if (!open.TryPop(out char expected))
                throw Error($"unexpected '{bracket}'", at);
            if (expected != bracket)
                throw Error($"unexpected '{bracket}', expected '{expected}'", at);
        }
    }

    /// <summary>Where text goes on after a tag: past the blanks for <c>-</c>, past one line end for a block without sign.</summary>
    private int AfterTag(int at, char sign, bool trimsNewline) => sign switch
    {
        '-' => SkipSpace(at),
        '\0' when trimsNewline && at < _source.Length && _source[at] == '\n' => at + 1,
        _ => at,
    };

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at]))
            at++;
        return at;
    }

    private void Add(TokenKind kind, string value, int at) => _tokens.Add(new(kind, value, LineOf(at)));

    private int LineOf(int at)
    {
        if (at > _lineCountedTo)
        {
            _line += _source.AsSpan(_lineCountedTo, at - _lineCountedTo).Count('\n');
            _lineCountedTo = at;
        }
        return _line;
    }

    private ChatTemplateException Error(string cause, int at) => new(ChatTemplateErrorKind.Syntax, cause, LineOf(at));
}
