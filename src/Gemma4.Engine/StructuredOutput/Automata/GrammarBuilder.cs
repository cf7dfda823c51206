namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>What a grammar is built with: expressions, lexemes and ids of frames.</summary>
internal sealed class GrammarBuilder
{
    private int _nextFrame;

    public GrammarBuilder()
    {
        Rx = new();
        Lexer = new(Rx);
    }

    public RxBuilder Rx { get; }

    public Lexer Lexer { get; }

    /// <summary>Expressions for any one character of a text; see <see cref="Vocabulary.MaskBuilder"/>.</summary>
    public HashSet<Rx> AnyTextCharacter { get; } = [];

    public int NextFrameId() => _nextFrame++;
}
