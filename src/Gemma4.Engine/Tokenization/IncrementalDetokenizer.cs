namespace Gemma4.Engine.Tokenization;

/// <summary>
/// Token ids to text as they come. The pieces joined, <see cref="Flush"/> included, are exactly what <see cref="Tokenizer.Decode"/> gives
/// for all the ids; none of them ends in half a character. What later tokens may still change is held back: a run of byte
/// tokens until it ends, and what the file's decoder may strip.
/// </summary>
/// <remarks>Serves one sequence; not thread-safe.</remarks>
public sealed class IncrementalDetokenizer
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly CollectStep _collected = new();
    private DecoderStep _chain;

    /// <summary>Starts at the beginning of a text.</summary>
    /// <param name="tokenizer">Where the tokens come from.</param>
    /// <param name="skipSpecialTokens">Leave special tokens out of the text.</param>
    public IncrementalDetokenizer(Tokenizer tokenizer, bool skipSpecialTokens = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _skipSpecialTokens = skipSpecialTokens;
        _chain = tokenizer.DecoderPlan.Chain(_collected);
    }

    /// <summary>Adds a token. An id that the file does not name adds nothing.</summary>
    /// <returns>The text that is now certain; often empty.</returns>
    public string Append(int id)
    {
        _tokenizer.Push(id, _skipSpecialTokens, _chain);
        return _collected.Take();
    }

    /// <summary>Ends the text and gives what was held back; then starts anew.</summary>
    /// <returns>The rest of the text.</returns>
    public string Flush()
    {
        _chain.End();
        _chain = _tokenizer.DecoderPlan.Chain(_collected);
        return _collected.Take();
    }
}
