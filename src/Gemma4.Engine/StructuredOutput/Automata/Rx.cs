namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>The forms of <see cref="Rx"/>.</summary>
internal enum RxKind : byte
{
    Nothing,
    Empty,
    Bytes,
    Literal,
    Concat,
    Or,
    And,
    Not,
    Repeat,
    Automaton,
}

/// <summary>A regular expression over bytes, with intersection and complement. Nodes are unique within their <see cref="RxBuilder"/>,
/// so equal expressions are the same object.</summary>
internal sealed class Rx
{
    public const int Unbounded = int.MaxValue;

    public required int Id { get; init; }

    public required RxKind Kind { get; init; }

    /// <summary>Accepts the empty string.</summary>
    public required bool Nullable { get; init; }

    /// <summary>Holds an intersection, complement or automaton, so that only a search can tell whether it accepts anything.</summary>
    public bool MayBeVain { get; init; }

    /// <summary>Everything it accepts holds a quotation mark: a token without one cannot end it.</summary>
    public bool NeedsQuote { get; init; }

    /// <summary>Everything it accepts holds a control token: a token of plain text cannot end it.</summary>
    public bool NeedsControl { get; init; }

    /// <summary>Accepts finitely many texts, as far as its form tells.</summary>
    public bool IsFinite { get; init; }

    public ByteSet Set { get; init; }

    public byte[] Text { get; init; } = [];

    /// <summary>Where in <see cref="Text"/> a literal begins; the automaton's state; a repetition's minimum.</summary>
    public int Number { get; init; }

    /// <summary>A repetition's maximum, or <see cref="Unbounded"/>.</summary>
    public int Max { get; init; }

    public Rx[] Parts { get; init; } = [];

    public IByteAutomaton? Automaton { get; init; }

    /// <summary>Null until known: whether anything is accepted.</summary>
    public bool? Live { get; set; }

    /// <summary>A search for what is accepted was given up.</summary>
    public bool IsTooHard { get; set; }

    /// <summary>Nothing shorter is accepted; a search goes this way first.</summary>
    public int MinLength { get; init; }

    /// <summary>Derivatives found so far, by byte class; of a literal, the one by its own byte.</summary>
    public Rx?[]? Derivatives { get; set; }

    public Rx Head => Parts[0];

    public Rx Tail => Parts[1];
}
