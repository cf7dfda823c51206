namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>A small deterministic automaton that is easier to write than to spell as an expression (divisibility, bounds).</summary>
/// <remarks>Implementations are immutable and are compared by reference; states are numbers.</remarks>
internal interface IByteAutomaton
{
    /// <summary>The state before any byte.</summary>
    int Start { get; }

    /// <summary>Bytes with the same effect in every state may share a set; the sets cover what can be read.</summary>
    ReadOnlySpan<ByteSet> Alphabet { get; }

    /// <summary>What was read so far is accepted.</summary>
    bool IsAccepting(int state);

    /// <summary>The next state, or -1 when nothing that starts so is accepted.</summary>
    int Next(int state, byte value);
}
