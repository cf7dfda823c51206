using Gemma4.Engine.Scheduling;

namespace Gemma4.ServerBenchmark;

/// <summary>A model that computes nothing: each step takes its time and gives every sequence that wants one the next token of a text. The engine around it is the real one.</summary>
internal sealed class PacedRunner(int[] text, TimeSpan step) : IModelRunner
{
    private readonly List<SampledRun> _runs = [];
    private long _numTokens;
    private int _numRunning;

    /// <summary>Tokens handed out so far.</summary>
    public long NumTokens => Interlocked.Read(ref _numTokens);

    /// <summary>Sequences of the last step.</summary>
    public int NumRunning => Volatile.Read(ref _numRunning);

    /// <inheritdoc/>
    public StepResult Execute(StepPlan plan)
    {
        Thread.Sleep(step);
        _runs.Clear();
        foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
        {
            if (!scheduled.Samples)
            {
                _runs.Add(default);
                continue;
            }
            _runs.Add(new SampledRun(new[] { new SampledToken(text[scheduled.Sequence.NumTokens % text.Length]) }));
            Interlocked.Increment(ref _numTokens);
        }
        Volatile.Write(ref _numRunning, plan.Sequences.Length);
        return new StepResult(_runs.ToArray());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
