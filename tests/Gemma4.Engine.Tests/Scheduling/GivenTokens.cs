using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Tests.Scheduling;

/// <summary>Results of steps that nobody computed, in memory that is taken once: for tests that measure the scheduler alone.</summary>
internal sealed class GivenTokens(int maxSequences)
{
    private readonly SampledToken[] _tokens = new SampledToken[maxSequences];
    private readonly SampledRun[] _runs = new SampledRun[maxSequences];

    /// <summary>A token for each sequence that samples.</summary>
    public StepResult Of(StepPlan plan, int step)
    {
        for (int i = 0; i < plan.Sequences.Length; i++)
        {
            _tokens[i] = new SampledToken((i * 31) + step);
            _runs[i] = new SampledRun(plan.Sequences[i].Samples ? _tokens.AsMemory(i, 1) : default);
        }
        return new StepResult(_runs.AsMemory(0, plan.Sequences.Length));
    }
}
