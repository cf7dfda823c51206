using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Simulation;

/// <summary>Executes plans by reckoning what they would take: tokens are made up, and no time passes but in <see cref="StepResult.TextTime"/>.</summary>
/// <remarks>A token depends on its sequence's seed and its position, so that equal runs are equal and sequences differ. Drafts are never right.</remarks>
/// <param name="cost">What steps take.</param>
/// <param name="vocabularySize">Token ids are below this.</param>
public sealed class SimulatedRunner(StepCost cost, int vocabularySize) : IModelRunner
{
    private SampledRun[] _runs = [];
    private SampledToken[] _tokens = [];

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The plan holds media, or log-probabilities of a prompt are asked for: no such work is reckoned.</exception>
    public StepResult Execute(StepPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (!plan.Awaited.IsEmpty || !plan.Media.IsEmpty)
            throw new NotSupportedException("A simulated step computes text; the plan holds media.");
        int count = plan.Sequences.Length;
        if (_runs.Length < count)
            (_runs, _tokens) = (new SampledRun[2 * count], new SampledToken[2 * count]);
        for (int i = 0; i < count; i++)
        {
            ref readonly ScheduledSequence scheduled = ref plan.Sequences[i];
            if (scheduled.Sequence.Request.PromptLogprobs)
                throw new NotSupportedException("A simulated step has no log-probabilities.");
            _tokens[i] = new SampledToken(TokenAfter(scheduled.Sequence));
            _runs[i] = new SampledRun(scheduled.Samples ? _tokens.AsMemory(i, 1) : default);
        }
        return new StepResult(_runs.AsMemory(0, count), default, cost.Of(plan));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private int TokenAfter(Sequence sequence) =>
        (int)(Mix(sequence.Seed + 0x9E3779B97F4A7C15 * (ulong)sequence.NumTokens) % (ulong)vocabularySize);

    /// <summary>SplitMix64's finaliser (Steele, Lea and Flood 2014).</summary>
    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
