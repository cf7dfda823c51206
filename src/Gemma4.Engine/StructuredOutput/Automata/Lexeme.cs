namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>A terminal of the grammar: a piece of text that one expression describes and that is never empty.</summary>
internal sealed record Lexeme(int Id, Rx Rx)
{
    /// <summary>Lexemes are unique within their lexer.</summary>
    public bool Equals(Lexeme? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => Id;
}
