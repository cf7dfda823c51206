namespace Gemma4.Engine.Chat.Jinja.Syntax;

/// <summary>Walks over a template's tokens.</summary>
internal sealed class TokenReader(IReadOnlyList<Token> tokens)
{
    /// <summary>Statements and expressions inside one another. What reads them calls itself for each level.</summary>
    private const int MaxDepth = 400;

    private int _at;
    private int _depth;

    public Token Current => tokens[_at];

    public Token Next => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    /// <summary>Takes the current token.</summary>
    public Token Take()
    {
        Token token = tokens[_at];
        if (_at < tokens.Count - 1)
            _at++;
        return token;
    }

    public bool TrySkipName(string name) => TrySkip(Current.IsName(name));

    public bool TrySkipOperator(string symbol) => TrySkip(Current.IsOperator(symbol));

    public bool TrySkip(TokenKind kind) => TrySkip(Current.Kind == kind);

    public Token Expect(TokenKind kind, string what) =>
        Current.Kind == kind ? Take() : throw Error($"expected {what}, got '{Current}'");

    public void ExpectName(string name)
    {
        if (!TrySkipName(name))
            throw Error($"expected '{name}', got '{Current}'");
    }

    public void ExpectOperator(string symbol)
    {
        if (!TrySkipOperator(symbol))
            throw Error($"expected '{symbol}', got '{Current}'");
    }

    /// <summary>Goes one level deeper into the template; <see cref="Leave"/> comes back.</summary>
    public void Enter()
    {
        if (++_depth > MaxDepth)
            throw Error($"the template is nested more than {MaxDepth} deep");
    }

    public void Leave() => _depth--;

    /// <summary>A syntax error at the current token.</summary>
    public ChatTemplateException Error(string cause) => Error(cause, Current.Line);

    public static ChatTemplateException Error(string cause, int line) => new(ChatTemplateErrorKind.Syntax, cause, line);

    private bool TrySkip(bool isThere)
    {
        if (isThere)
            Take();
        return isThere;
    }
}
