using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>Lets sequences of a step verify guesses behind their next token, as far as budget, blocks and what they may generate go.</summary>
/// <param name="drafter">Guesses.</param>
/// <param name="cache">The blocks.</param>
internal sealed class StepDrafts(IDrafter drafter, KvCacheManager cache)
{
    private readonly int[] _drafts = new int[ITokenConstraint.MaxRollback];

    /// <summary>Adds guesses to a plan.</summary>
    /// <param name="plan">The step's.</param>
    /// <param name="first">Place in the plan of the first sequence that may verify some.</param>
    /// <param name="maxTokens">Tokens that the step may hold.</param>
    public void Add(StepPlan plan, int first, int maxTokens)
    {
        for (int i = first; i < plan.Sequences.Length && plan.NumTokens < maxTokens; i++)
        {
            ScheduledSequence scheduled = plan.Sequences[i];
            if (scheduled.Reads)
                continue;
            Sequence sequence = scheduled.Sequence;
            int room = Math.Min(Math.Min(_drafts.Length, maxTokens - plan.NumTokens), cache.MaxEnd(sequence.Kv) - sequence.NumTokens);
            room = Math.Min(room, sequence.MaxOutputTokens - sequence.NumOutputTokens - 1);      // the last token follows the last draft
            if (room <= 0)
                continue;
            int numDrafts = drafter.Draft(sequence, _drafts.AsSpan(0, room));
            if (numDrafts == 0)
                continue;
            sequence.AddDrafts(_drafts.AsSpan(0, numDrafts));
            cache.Extend(sequence.Kv, sequence.NumTokens + numDrafts);
            plan.AddDrafts(i, numDrafts);
        }
    }
}
