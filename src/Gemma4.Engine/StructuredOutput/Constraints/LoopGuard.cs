using System.Diagnostics;
using Gemma4.Engine.Requests;
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

    /// <summary>What the longest period looks back on, from the oldest place that can be gone back to.</summary>
    private const int NumRecent = MaxPeriod + ITokenConstraint.MaxRollback;

    private const int NumRuns = ITokenConstraint.MaxRollback + 1;

    private readonly (int TokenId, MachineState? State)[] _recent = new (int, MachineState?)[NumRecent];
    private readonly int[][] _runs = [.. Enumerable.Range(0, NumRuns).Select(_ => new int[MaxPeriod + 1])];      // by count of tokens, then by period

    /// <summary>Tokens taken.</summary>
    public int Count { get; private set; }

    /// <summary>Takes the next token.</summary>
    /// <param name="tokenId">The token.</param>
    /// <param name="state">Where the grammar stands after it.</param>
    /// <returns>True when it completes a loop.</returns>
    public bool IsLooping(int tokenId, MachineState state)
    {
        bool looping = false;
        int[] before = _runs[Count % NumRuns], runs = _runs[(Count + 1) % NumRuns];
        for (int period = 1; period <= Math.Min(Count, MaxPeriod) && limit > 0; period++)
        {
            (int tokenBefore, MachineState? stateBefore) = _recent[(Count - period) % NumRecent];
            bool repeats = tokenBefore == tokenId && (state == stateBefore || IsOnTallerStack(state, stateBefore!));
            runs[period] = repeats ? before[period] + 1 : 0;
            looping |= runs[period] >= limit;
        }
        _recent[Count++ % NumRecent] = (tokenId, state);
        return looping;
    }

    /// <summary>Forgets the tokens from this one on.</summary>
    /// <param name="count">What <see cref="Count"/> was, at most <see cref="ITokenConstraint.MaxRollback"/> less than it is.</param>
    public void RollbackTo(int count)
    {
        Debug.Assert(count <= Count && count + ITokenConstraint.MaxRollback >= Count, "only so many tokens can be taken back");
        Count = count;
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
