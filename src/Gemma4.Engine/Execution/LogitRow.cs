using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Execution;

/// <summary>A row of a step whose logits are wanted.</summary>
/// <param name="SequenceIndex">Which of the plan's sequences.</param>
/// <param name="Row">Which of the step's T rows.</param>
/// <param name="Position">The row's position in its sequence.</param>
/// <param name="Samples">The logits give a token that follows: the next one, or one behind drafts if those are right.</param>
/// <param name="ReportsPrompt">The logits give the log-probabilities of the prompt token after this one.</param>
internal readonly record struct LogitRow(int SequenceIndex, int Row, int Position, bool Samples, bool ReportsPrompt)
{
    /// <summary>The row of each sampling sequence's last known token and those of its drafts, and all prompt rows of a sequence that reports its prompt.</summary>
    public static void Collect(ReadOnlySpan<ScheduledSequence> sequences, List<LogitRow> rows)
    {
        int row = 0;
        for (int b = 0; b < sequences.Length; b++)
        {
            ref readonly ScheduledSequence scheduled = ref sequences[b];
            int last = scheduled.NumTokens - 1, firstSampled = scheduled.Samples ? last - scheduled.NumDrafts : scheduled.NumTokens;
            int reported = scheduled.Sequence.Request.PromptLogprobs ? scheduled.Sequence.NumPromptTokens - 1 - scheduled.FirstPosition : 0;
            for (int i = reported > 0 ? 0 : firstSampled; i <= last; i++)
            {
                bool samples = i >= firstSampled;
                if (samples || i < reported)
                    rows.Add(new LogitRow(b, row + i, scheduled.FirstPosition + i, samples, i < reported));
            }
            row += scheduled.NumTokens;
        }
    }
}
