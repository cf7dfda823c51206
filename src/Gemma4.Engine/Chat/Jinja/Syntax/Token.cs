namespace Gemma4.Engine.Chat.Jinja.Syntax;

internal enum TokenKind
{
    /// <summary>Text outside of tags.</summary>
    Text,
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <summary>A piece of a template: text outside of tags, or a word of the language.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Value">Its text; of a string, what it stands for.</param>
/// <param name="Line">The line it starts at, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Value, int Line)
{
    public bool Is(TokenKind kind, string value) => Kind == kind && Value == value;

    public bool IsName(string value) => Is(TokenKind.Name, value);

    public bool IsOperator(string value) => Is(TokenKind.Operator, value);

    public override string ToString() => Kind switch
    {
        TokenKind.End => "end of template",
        TokenKind.VariableEnd => "end of print statement",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.VariableBegin => "begin of print statement",
        TokenKind.BlockBegin => "begin of statement block",
        TokenKind.Text => "template data / text",
        _ => Value,
    };
}
