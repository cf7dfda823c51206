namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>Notices when a sequence says the same few tokens again and again.</summary>
/// <param name="limit">So many tokens in a row that repeat those a period before them are a loop; 0 sees none.</param>
internal sealed class LoopGuard(int limit)
{
    /// <summary>Longer cycles are not noticed; models that are stuck repeat a word or a line.</summary>
    private const int MaxPeriod = 32;

    private readonly int[] _recent = new int[MaxPeriod];
    private readonly int[] _runs = new int[MaxPeriod + 1];
    private int _count;

    /// <summary>Takes the next token.</summary>
    /// <returns>True when it completes a loop.</returns>
    public bool IsLooping(int tokenId)
    {
        bool looping = false;
        for (int period = 1; period <= Math.Min(_count, MaxPeriod); period++)
        {
            bool repeats = _recent[(_count - period) % MaxPeriod] == tokenId;
            _runs[period] = repeats ? _runs[period] + 1 : 0;
            looping |= limit > 0 && _runs[period] >= limit;
        }
        _recent[_count++ % MaxPeriod] = tokenId;
        return looping;
    }
}
