using Gemma4.Engine.StructuredOutput.Vocabulary;

namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>Where a grammar stands after some bytes; unique within its machine.</summary>
internal sealed class MachineState
{
    public required int Id { get; init; }

    /// <summary>Each way to understand the bytes: between which lexemes, and how far within the current one.</summary>
    public required (ParseState Parse, LexState Lex)[] Ways { get; init; }

    /// <summary>The text may end here.</summary>
    public required bool CanEnd { get; init; }

    /// <summary>By byte class; null is not yet known. Most states are never left, and have none.</summary>
    public MachineState?[]? Next { get; set; }

    /// <summary>The allowed tokens, once computed.</summary>
    public TokenSet? Tokens { get; set; }

    /// <summary>Nothing can follow and nothing has ended.</summary>
    public required bool IsDead { get; init; }
}
