using Gemma4.Engine.StructuredOutput.Vocabulary;

namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>Where the lexer stands within a lexeme: the lexemes still possible, each with what remains of it.</summary>
internal sealed class LexState
{
    public required int Id { get; init; }

    /// <summary>By lexeme id.</summary>
    public required (Lexeme Lexeme, Rx Remainder)[] Items { get; init; }

    /// <summary>The lexemes that may end here; null when none.</summary>
    public required LexemeSet? Accepted { get; init; }

    /// <summary>Some lexeme can go on.</summary>
    public required bool HasMore { get; init; }

    /// <summary>No token without a quotation mark ends a lexeme here, so those tokens depend on this state alone.</summary>
    public required bool NeedsQuote { get; init; }

    /// <summary>The same for control tokens.</summary>
    public required bool NeedsControl { get; init; }

    /// <summary>How many next states were computed.</summary>
    public int NumComputed { get; set; }

    /// <summary>For each class of bytes, the first that leads to the same state; null until it is worth knowing.</summary>
    public byte[]? Alike { get; set; }

    /// <summary>By byte class; null is not yet known. Most states are never left, and have none.</summary>
    public LexState?[]? Next { get; set; }

    /// <summary>Tokens that stay within the lexeme, once computed.</summary>
    public TokenSet? Inside { get; set; }

    /// <summary>Whether any plain text may follow, once known.</summary>
    public bool? IsFree { get; set; }

    public required bool IsDead { get; init; }
}

/// <summary>Lexemes that end at the same place, unique within the lexer.</summary>
internal sealed class LexemeSet(Lexeme[] lexemes)
{
    public Lexeme[] Lexemes { get; } = lexemes;
}
