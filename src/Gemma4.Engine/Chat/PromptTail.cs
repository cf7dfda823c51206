using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine.Chat;

/// <summary>How a prompt ends, which tells the reader of the answer where it begins.</summary>
/// <param name="IsInsideThought">Whether an opened <c>&lt;|channel&gt;</c> is not closed: the answer begins inside the thought.</param>
/// <param name="HasThoughtLabel">Whether something (the label <c>thought</c>) was written after the opener already.</param>
public readonly record struct PromptTail(bool IsInsideThought, bool HasThoughtLabel)
{
    /// <summary>Reads the end of a prompt by its ids, so that text which spells a marker opens nothing.</summary>
    /// <param name="tokenIds">The prompt.</param>
    /// <param name="special">The tokenizer's control tokens.</param>
    public static PromptTail Of(ReadOnlySpan<int> tokenIds, SpecialTokens special)
    {
        ArgumentNullException.ThrowIfNull(special);
        for (int i = tokenIds.Length - 1; i >= 0; i--)
        {
            int id = tokenIds[i];
            if (id == special.ChannelStart)
                return new PromptTail(true, i < tokenIds.Length - 1);
            // A thought does not reach over the end of a channel, of a turn, or a call.
            if (id == special.ChannelEnd || id == special.TurnStart || id == special.TurnEnd
                || id == special.ToolCallStart || id == special.ToolResponseStart)
                return default;
        }
        return default;
    }
}
