namespace Gemma4.Engine.Tokenization;

/// <summary>
/// One step of the file's <c>decoder</c>, as a filter on a stream of tokens. A token arrives as fragments of its text and a
/// mark of its end; what a step may still change it holds back. Decoding a whole answer and decoding it token by token are
/// the same calls, so they cannot differ.
/// </summary>
internal abstract class DecoderStep
{
    /// <summary>The step that gets this one's tokens.</summary>
    public DecoderStep Next { get; set; } = null!;

    /// <summary>More text of the current token.</summary>
    public abstract void Text(ReadOnlySpan<char> fragment);

    /// <summary>The current token ends; also called for tokens without text.</summary>
    public abstract void EndToken();

    /// <summary>The stream ends: let go of what is held, then end the next step.</summary>
    public abstract void End();
}
