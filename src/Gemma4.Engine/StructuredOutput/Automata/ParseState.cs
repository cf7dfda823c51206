namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>All ways the text read so far can be understood: a set of stacks, each of which waits for a lexeme.</summary>
internal sealed class ParseState
{
    public required int Id { get; init; }

    /// <summary>Each lexeme that may come, with the stack that waits for it and what it does there.</summary>
    public required (ParseStack Stack, Move Move)[] Terminals { get; init; }

    /// <summary>The text may end here.</summary>
    public required bool CanEnd { get; init; }

    /// <summary>The lexer at the start of the next lexeme.</summary>
    public required LexState Start { get; init; }

    /// <summary>Where each set of lexemes leads, as far as known.</summary>
    public Dictionary<LexemeSet, ParseState>? After { get; set; }
}
