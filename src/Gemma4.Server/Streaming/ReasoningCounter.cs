namespace Gemma4.Server.Streaming;

/// <summary>Counts the tokens of thoughts, the channel's own control tokens included.</summary>
/// <param name="channelStart">Opens a thought; null where the tokenizer has no such token.</param>
/// <param name="channelEnd">Closes it.</param>
/// <param name="isOpen">Whether the prompt ends in an open thought.</param>
internal sealed class ReasoningCounter(int? channelStart, int? channelEnd, bool isOpen)
{
    private bool _isOpen = isOpen;

    /// <summary>Tokens of thoughts so far.</summary>
    public int Count { get; private set; }

    public void Add(int tokenId)
    {
        _isOpen |= tokenId == channelStart;
        if (_isOpen)
            Count++;
        _isOpen &= tokenId != channelEnd;
    }
}
