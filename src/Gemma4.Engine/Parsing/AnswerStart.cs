using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine.Parsing;

/// <summary>Where an answer begins.</summary>
internal enum AnswerStartKind
{
    /// <summary>At the start of the model's turn, or again behind a tool's result or a closed thought.</summary>
    Fresh,

    /// <summary>Behind text that the prompt already holds.</summary>
    Continuation,

    /// <summary>In a thought that the prompt leaves open, as the template does after a tool's result.</summary>
    Thought,
}

/// <summary>What a prompt's tail says about the answer that follows it.</summary>
/// <param name="Kind">Where the answer begins.</param>
/// <param name="ThoughtText">What the open thought holds already, its label included.</param>
internal readonly record struct AnswerStart(AnswerStartKind Kind, string ThoughtText = "")
{
    /// <summary>The turn's role, which the template writes between the marker of the turn and the answer.</summary>
    private const string Role = "model\n";

    /// <summary>Reads the tail: what follows the last control token.</summary>
    public static AnswerStart After(ReadOnlySpan<int> promptTokenIds, Tokenizer tokenizer)
    {
        SpecialTokens special = tokenizer.Special;
        for (int i = promptTokenIds.Length - 1; i >= 0; i--)
        {
            int id = promptTokenIds[i];
            if (!tokenizer.IsSpecial(id))
                continue;
            string rest = tokenizer.Decode(promptTokenIds[(i + 1)..]);
            if (id == special.ChannelStart)
                return new AnswerStart(AnswerStartKind.Thought, rest);
            bool isFresh = rest.Length == 0 || (id == special.TurnStart && Role.StartsWith(rest, StringComparison.Ordinal));
            return new AnswerStart(isFresh ? AnswerStartKind.Fresh : AnswerStartKind.Continuation);
        }
        return new AnswerStart(promptTokenIds.IsEmpty ? AnswerStartKind.Fresh : AnswerStartKind.Continuation);
    }
}
