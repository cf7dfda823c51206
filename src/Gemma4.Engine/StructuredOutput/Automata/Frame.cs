namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>A place in the grammar that waits on the parser's stack: what may come next there, and whether it may be left.</summary>
/// <remarks>Frames are unique per grammar (same place, same object), so that stacks can be compared by reference.</remarks>
internal abstract class Frame
{
    private Move[]? _moves;

    /// <summary>Unique within the grammar.</summary>
    public required int Id { get; init; }

    /// <summary>This place may end here, handing back to the one below.</summary>
    public abstract bool CanLeave { get; }

    /// <summary>What may come next; computed once, when first asked.</summary>
    public Move[] Moves => _moves ??= ComputeMoves();

    protected abstract Move[] ComputeMoves();
}

/// <summary>One thing that may come next at a frame.</summary>
/// <param name="Lexeme">What is read; null reads nothing.</param>
/// <param name="Next">What replaces the frame; null leaves it.</param>
/// <param name="Child">What is put on top of <paramref name="Next"/>, to be done first; null puts nothing.</param>
internal readonly record struct Move(Lexeme? Lexeme, Frame? Next, Frame? Child = null);
