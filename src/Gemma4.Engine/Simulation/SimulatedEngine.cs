using System.Runtime.InteropServices;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Simulation;

/// <summary>An engine in simulated time: the real scheduler, the real KV cache's bookkeeping and the real pace of prompts around a runner that only reckons.</summary>
/// <remarks>One thread, and no clock but what the caller says. A step begins as soon as there is work and no other step runs; what arrives meanwhile waits for
/// its end, as it does at the engine's loop. The caller calls <see cref="EndStep"/> when <see cref="StepEnds"/> is the next thing that happens.</remarks>
public sealed class SimulatedEngine
{
    private readonly SequenceFactory _sequences;
    private readonly KvCacheManager _cache;
    private readonly Scheduler _scheduler;
    private readonly SimulatedRunner _runner;
    private readonly PromptPacer _pacer;
    private readonly BatchPacer _batchPacer = new();
    private readonly EngineOptions _options;
    private readonly List<SimulatedToken> _tokens = [];
    private readonly HashSet<SequenceId> _queued = [];
    private StepPlan? _plan;
    private StepResult _result;
    private long _nextSequenceId;

    /// <summary>An idle engine with an empty cache.</summary>
    /// <param name="cost">What steps take.</param>
    /// <param name="cache">The KV cache.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="vocabularySize">Token ids are below this.</param>
    public SimulatedEngine(StepCost cost, KvCachePlan cache, EngineOptions options, int vocabularySize = 262_144)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(options);
        int maxContextLength = Math.Min(options.MaxContextLength ?? int.MaxValue, cache.MaxSequenceTokens);
        var limits = new SchedulerLimits(
            options.MaxSequences, options.MaxTokensPerStep, options.MaxEncoderTokensPerPass, maxContextLength, MediaIsBidirectional: false);
        _options = options;
        _cache = new KvCacheManager(cache);
        _sequences = new SequenceFactory(cache, limits, options.PrefixCache);
        _scheduler = new Scheduler(_cache, limits);
        _runner = new SimulatedRunner(cost, vocabularySize);
        _pacer = new PromptPacer(options.TargetStepTime);
    }

    /// <summary>When the step that runs ends, or the pause of batches that wait; null while nothing is served.</summary>
    public TimeSpan? StepEnds { get; private set; }

    /// <summary>Sequences that no step has taken up yet.</summary>
    public int NumQueued => _queued.Count;

    /// <summary>Sequences that a step has taken up and that have not ended.</summary>
    public int NumRunning => _scheduler.NumRunning + _scheduler.NumWaiting - NumQueued;

    /// <summary>Share of held blocks in the fullest pool, 0 to 1.</summary>
    public double KvUsage => _cache.Usage;

    /// <summary>Prompt tokens looked up in the prefix cache.</summary>
    public long NumPrefixQueries => _scheduler.NumPrefixQueries;

    /// <summary>Those of them that were found.</summary>
    public long NumPrefixHits => _scheduler.NumPrefixHits;

    /// <summary>Sequences that gave their blocks back to go on later.</summary>
    public long NumPreemptions => _scheduler.NumPreemptions;

    /// <summary>Time spent in steps that have ended.</summary>
    public TimeSpan BusyTime { get; private set; }

    /// <summary>Queues a request, and begins a step where none runs.</summary>
    /// <param name="request">Text for one sequence, without a constraint and without log-probabilities of the prompt.</param>
    /// <param name="now">The time; not before that of an earlier call.</param>
    /// <returns>False where the queue is full and the server would answer 429.</returns>
    /// <exception cref="NotSupportedException">It asks for more than one sequence, for media, a constraint or log-probabilities of the prompt.</exception>
    /// <exception cref="RequestRejectedException">It could never be served.</exception>
    public bool TrySubmit(GenerationRequest request, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.NumSequences != 1 || !request.Media.IsEmpty || request.Constraint is not null || request.PromptLogprobs)
            throw new NotSupportedException("Simulated requests are for one sequence of text, without a constraint and without log-probabilities.");
        if (NumQueued >= _options.MaxQueuedRequests)
            return false;
        Sequence sequence = _sequences.Create(request, _nextSequenceId++, request.Sampling.Seed ?? (ulong)_nextSequenceId)[0];
        _scheduler.Add(sequence);
        _queued.Add(sequence.Id);
        if (_plan is null or { IsEmpty: true })
            Begin(now);
        return true;
    }

    /// <summary>Ends the step that runs, at <see cref="StepEnds"/>, and begins the next where there is work.</summary>
    /// <returns>What the step gave its sequences; valid until the next call.</returns>
    /// <exception cref="InvalidOperationException">No step runs.</exception>
    public ReadOnlySpan<SimulatedToken> EndStep()
    {
        if (_plan is null || StepEnds is not { } now)
            throw new InvalidOperationException("No step runs.");
        _tokens.Clear();
        if (!_plan.IsEmpty)
        {
            foreach (ref readonly SequenceOutput output in _scheduler.Commit(_plan, _result))
                _tokens.Add(new SimulatedToken(output.Sequence, now, output.Event.FinishReason));
            _pacer.Record(_result.TextTime, _plan);
            _batchPacer.Record(_result.TextTime, _plan, now);
            BusyTime += _result.TextTime;
        }
        StepEnds = null;
        Begin(now);
        return CollectionsMarshal.AsSpan(_tokens);
    }

    private void Begin(TimeSpan now)
    {
        _plan = _scheduler.Schedule(_pacer.Budget, _batchPacer.Budget(now));
        if (_plan.IsEmpty)
        {
            StepEnds = _scheduler.HoldsBatches ? now + _batchPacer.PauseLeft(now) : null;
            if (StepEnds is null && _scheduler.TryPeek(out _))
                throw new InvalidOperationException("The scheduler planned nothing while sequences wait.");
            return;
        }
        foreach (ref readonly ScheduledSequence scheduled in _plan.Sequences)
            _queued.Remove(scheduled.Sequence.Id);
        _result = _runner.Execute(_plan);
        StepEnds = now + _result.TextTime;
    }
}

/// <summary>A token of a sequence.</summary>
/// <param name="Sequence">Whose; its tokens hold this one, unless the step brought it none.</param>
/// <param name="At">When its reader has it.</param>
/// <param name="FinishReason">Set with the last.</param>
public readonly record struct SimulatedToken(Sequence Sequence, TimeSpan At, FinishReason? FinishReason);
