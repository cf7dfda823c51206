using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>Notices when a sequence goes round in circles: it says the same few tokens again and again, and the grammar is where it was.</summary>
/// <remarks>
/// Tokens that repeat are no loop where the grammar counts them: 600 zeros in an array of at most or at least 600 items bring it to 600 different
/// states, and the count ends the run. What the grammar does not count may go on for ever: the state comes back, or comes back on a taller
/// stack, as in brackets that open and never close.
/// </remarks>
/// <param name="limit">So many tokens in a row that repeat those a period before them are a loop; 0 sees none.</param>
internal sealed class LoopGuard(int limit)
{
    /// <summary>Longer cycles are not noticed; models that are stuck repeat a word or a line.</summary>
    private const int MaxPeriod = 32;

    private readonly (int TokenId, MachineState? State)[] _recent = new (int, MachineState?)[MaxPeriod];
    private readonly int[] _runs = new int[MaxPeriod + 1];
    private int _count;

    /// <summary>Takes the next token.</summary>
    /// <param name="tokenId">The token.</param>
    /// <param name="state">Where the grammar stands after it.</param>
    /// <returns>True when it completes a loop.</returns>
    public bool IsLooping(int tokenId, MachineState state)
    {
        bool looping = false;
        for (int period = 1; period <= Math.Min(_count, MaxPeriod) && limit > 0; period++)
        {
            (int tokenBefore, MachineState? stateBefore) = _recent[(_count - period) % MaxPeriod];
            bool repeats = tokenBefore == tokenId && (state == stateBefore || IsOnTallerStack(state, stateBefore!));
            _runs[period] = repeats ? _runs[period] + 1 : 0;
            looping |= _runs[period] >= limit;
        }
        _recent[_count++ % MaxPeriod] = (tokenId, state);
        return looping;
    }

    /// <summary>Whether a state is at the same place of the grammar as one before, but deeper: what led from one to the other can go on for ever.</summary>
    private static bool IsOnTallerStack(MachineState now, MachineState before)
    {
        if (now.Ways.Length == 0 || before.Ways.Length == 0 || now.Ways[0].Lex != before.Ways[0].Lex)
            return false;
        if (now.Ways[0].Parse.Terminals is not [(ParseStack stack, _), ..] || before.Ways[0].Parse.Terminals is not [(ParseStack stackBefore, _), ..])
            return false;
        return stack.Top == stackBefore.Top && IsTaller(stack, stackBefore);
    }

    private static bool IsTaller(ParseStack? a, ParseStack? b)
    {
        while (a is not null && b is not null && a != b)
            (a, b) = (a.Below, b.Below);
        return a is not null && b is null;
    }
}
