using System.Collections.Immutable;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

/// <summary>One random world: a cache layout, limits and traffic drawn from a seed, run to the end with every invariant checked.</summary>
internal sealed class SchedulerTrace
{
    private readonly Random _random;
    private readonly Totals _totals;
    private readonly TraceRequests _requests;
    private readonly KvCachePlan _plan;
    private readonly SchedulerLimits _limits;
    private readonly LedgerModel _model;
    private readonly LedgerModelRunner _runner;
    private readonly KvCacheManager _cache;
    private readonly Scheduler _scheduler;
    private readonly SequenceFactory _factory;
    private readonly Dictionary<Sequence, List<TokenEvent>> _events = [];
    private readonly List<Sequence> _live = [];
    private readonly List<MaskJob> _jobs = [];
    private readonly SequenceMasks _masks;
    private readonly bool _injectsFaults;
    private readonly int _seed;
    private long _nextId;
    private int _numToSubmit;

    /// <param name="seed">Of all that is drawn.</param>
    /// <param name="totals">Added to.</param>
    /// <param name="rightness">How often guesses of next tokens are right; null has none made.</param>
    public SchedulerTrace(int seed, Totals totals, double? rightness = null)
    {
        _seed = seed;
        _random = new Random(seed);
        _totals = totals;
        int blockSize = 1 << _random.Next(0, 5);
        bool bidirectional = _random.Next(2) == 0;
        int maxSequences = _random.Next(1, 12);
        int maxTokens = maxSequences + _random.Next(0, 40);
        ImmutableArray<KvGroupSpec> groups = RandomGroups();
        // Pools that hold one long sequence and little more: storms of preemption; or many: long-lived prefixes.
        int tokens = _random.Next(3) == 0 ? _random.Next(60, 120) : _random.Next(120, 800);
        ImmutableArray<int> numBlocks = [.. groups.Select(g =>
            KvCachePlan.BlocksNeeded(g, 60, Math.Min(60, maxTokens), blockSize) + (_random.Next(tokens) / blockSize))];
        _plan = new KvCachePlan(blockSize, groups, numBlocks);
        _limits = new SchedulerLimits(maxSequences, maxTokens, _random.Next(1, 20), _random.Next(60, 140), bidirectional);
        _model = new LedgerModel(_random.Next(20, 200), groups, bidirectional);
        _injectsFaults = _random.Next(3) == 0;
        _runner = new LedgerModelRunner(_model, _plan) { BeforeStep = InjectFault, BeforeSlice = InjectMediaFault, MaxMediaSlices = _random.Next(1, 6) };
        _cache = new KvCacheManager(_plan);
        SequenceDrafts? drafts = rightness is { } share
            ? new SequenceDrafts(KnowingDrafter.Of(_model, share, maxDrafts: 1 + (seed % 8), seed), _model.VocabularySize)
            : null;
        _scheduler = new Scheduler(_cache, _limits, drafts);
        _factory = new SequenceFactory(_plan, _limits, sharesPrefixes: _random.Next(5) > 0, [new(0), new(1)]);
        _requests = new TraceRequests(_random, _limits, _model.VocabularySize);
        _masks = new SequenceMasks(_model.VocabularySize, _random.Next(1, 10), _jobs.Add, _jobs.Add);
        _numToSubmit = 110;
    }

    /// <summary>Depends on every plan made.</summary>
    public ulong PlanHash { get; private set; }

    public void Run()
    {
        int arrivalsPerStep = _random.Next(1, 20);
        int step = 0;
        while (_numToSubmit > 0 || _live.Count > 0)
        {
            Assert.True(++step < 20_000, $"the trace of seed {_seed} does not end");
            for (int i = _random.Next(arrivalsPerStep + 1); i > 0 && _numToSubmit > 0; i--)
                Submit();
            if (_live.Count > 0 && _random.Next(12) == 0)
                Abort(_live[_random.Next(_live.Count)]);
            Step();
        }
        CheckInvariants();
        foreach (KvGroup group in _cache.Groups)
            Assert.Equal(group.Pool.NumBlocks, group.Pool.NumFree);
        foreach ((Sequence sequence, List<TokenEvent> events) in _events)
            CheckOutcome(sequence, events);
        _totals.Preemptions += _scheduler.NumPreemptions;
        _totals.MediaItems += _runner.NumMediaNamed;
    }

    private ImmutableArray<KvGroupSpec> RandomGroups() => _random.Next(4) switch
    {
        0 => [new KvGroupSpec(null, 1)],
        1 => [new KvGroupSpec(_random.Next(1, 30), 1)],
        2 => [new KvGroupSpec(null, 1), new KvGroupSpec(_random.Next(1, 30), 1)],
        _ => [new KvGroupSpec(_random.Next(1, 30), 1), new KvGroupSpec(null, 1), new KvGroupSpec(_random.Next(1, 30), 1)],
    };

    private void Submit()
    {
        _numToSubmit--;
        GenerationRequest request = _requests.Next(_numToSubmit);
        ImmutableArray<Sequence> sequences;
        try
        {
            sequences = _factory.Create(request, _nextId, (ulong)_random.Next());
        }
        catch (RequestRejectedException e)
        {
            Assert.NotEqual(RejectionReason.InvalidRequest, e.Reason);
            _totals.Rejections++;
            return;
        }
        _nextId += sequences.Length;
        foreach (Sequence sequence in sequences)
        {
            _totals.Sequences++;
            _scheduler.Add(sequence);
            _events.Add(sequence, []);
            _live.Add(sequence);
        }
    }

    private void Step()
    {
        foreach (MaskJob job in _jobs.Where(_ => _random.Next(4) == 0).ToList())
            Finish(job);
        _masks.BeginFirst(_scheduler.Running, _scheduler.Waiting);
        Sequence[] running = _scheduler.Running.ToArray();
        BatchBudget batches = _random.Next(3) == 0 ? SchedulerWorld.UnlimitedBatches : new BatchBudget(_random.Next(4), _random.Next(3) == 0 ? 0 : int.MaxValue);
        StepPlan plan = _scheduler.Schedule(_random.Next(3) == 0 ? new PromptBudget(_random.Next(1, 10), _random.Next(1, 30)) : SchedulerWorld.UnlimitedPrompts, batches);
        if (plan.IsEmpty)
        {
            _totals.HeldSteps += _scheduler.HoldsBatches ? 1 : 0;
            Assert.Equal(_live.Count > 0, _masks.IsAnyAwaited || _scheduler.HoldsBatches);
            return;
        }
        CheckPlan(plan);
        CheckBatches(plan, batches, running);
        StepResult result;
        try
        {
            result = _runner.Execute(plan);
        }
        catch (InjectedFaultException)
        {
            _totals.Faults++;
            foreach (ScheduledSequence scheduled in plan.Sequences.ToArray())
                End(scheduled.Sequence, FinishReason.Error);
            CheckInvariants();
            return;
        }
        _masks.Advance(plan, in result);
        foreach (ScheduledSequence scheduled in plan.Sequences)
            _totals.Drafts += scheduled.NumDrafts;
        foreach (SampledRun run in result.Runs.Span)
            _totals.Confirmed += run.NumConfirmed;
        foreach (SequenceOutput output in _scheduler.Commit(plan, result))
        {
            _events[output.Sequence].Add(output.Event);
            if (output.Event.FinishReason is not null)
                Remove(output.Sequence);
        }
        CheckInvariants();
    }

    /// <summary>Lets a constraint come to the end of its work, as the engine's mask threads do at any time.</summary>
    private void Finish(MaskJob job)
    {
        _totals.MaskJobs++;
        _jobs.Remove(job);
        job.Run();
        if (_masks.Take(job) && SequenceProgress.TryEnd(job.Sequence, out TokenEvent e))
        {
            Assert.True(_scheduler.End(job.Sequence));
            _events[job.Sequence].Add(e);
            Remove(job.Sequence);
        }
    }

    private void Remove(Sequence sequence)
    {
        Assert.True(_live.Remove(sequence));
        _masks.Forget(sequence);
    }

    private void Abort(Sequence sequence)
    {
        _totals.Aborts++;
        End(sequence, FinishReason.Aborted);
    }

    private void End(Sequence sequence, FinishReason reason)
    {
        Assert.True(_scheduler.End(sequence));
        Assert.False(_scheduler.End(sequence));
        _events[sequence].Add(SequenceProgress.Ended(sequence, reason, null));
        Remove(sequence);
    }

    private void InjectFault(StepPlan plan)
    {
        if (_injectsFaults && _random.Next(60) == 0)
            throw new InjectedFaultException();
    }

    private void InjectMediaFault(MediaItem item)
    {
        if (_injectsFaults && _random.Next(5) == 0)
        {
            _totals.MediaFaults++;
            throw new InjectedFaultException();
        }
    }

    private void CheckPlan(StepPlan plan)
    {
        Assert.InRange(plan.NumTokens, plan.Awaited.Length > 0 ? 0 : 1, _limits.MaxTokensPerStep);
        Assert.InRange(plan.Sequences.Length, plan.Awaited.Length > 0 ? 0 : 1, _limits.MaxSequences);
        Assert.Equal(plan.Sequences.Length, plan.Sequences.ToArray().Select(s => s.Sequence.Id).Distinct().Count());
        foreach (ScheduledSequence s in plan.Sequences)
        {
            Assert.False(s.Samples && s.Sequence.IsWaitingForMask, "a sequence samples without its mask");
            PlanHash = unchecked((PlanHash * 1_000_003) + (ulong)((s.Sequence.Id.Value << 24) ^ (s.FirstPosition << 12) ^ s.NumTokens));
            Assert.True(s.NumTokens > 0);
            Assert.Equal(s.Sequence.NumComputedTokens, s.FirstPosition);
            Assert.True(s.FirstPosition + s.NumKnownTokens <= s.Sequence.NumTokens);
            Assert.Equal(s.Sequence.NumDrafts, s.NumDrafts);
            Assert.True(s.NumDrafts == 0 || (s.Samples && s.NumKnownTokens == 1), "only a next token has drafts behind it");
            if (!_limits.MediaIsBidirectional)
                continue;
            int end = s.FirstPosition + s.NumTokens;
            foreach (KeyedSpan span in s.Sequence.MediaSpans)
                Assert.False(span.FirstPosition < end && span.End > end, "a chunk splits an item");
        }
        foreach (IGrouping<Sequence, AwaitedMedia> awaited in plan.Awaited.ToArray().GroupBy(a => a.Sequence))
        {
            Assert.Equal(awaited.Select(a => a.MediaIndex), Enumerable.Range(awaited.First().MediaIndex, awaited.Count()));
            Assert.True(awaited.Count() == 1 || awaited.Sum(a => a.Item.NumSoftTokens) <= _limits.MaxEncoderTokensPerPass, "a sequence awaits more media than it may");
        }
    }

    /// <summary>Batches get what is left: no more tokens than allowed, no start while an interactive sequence waits, and no place that one of those had to give up.</summary>
    private void CheckBatches(StepPlan plan, BatchBudget batches, Sequence[] runningBefore)
    {
        ScheduledSequence[] batch = [.. plan.Sequences.ToArray().Where(s => s.Sequence.Request.IsBatch)];
        _totals.BatchTokens += batch.Sum(s => s.NumTokens);
        if (_live.All(s => s.Request.IsBatch))
            return;
        Assert.InRange(batch.Sum(s => s.NumTokens), 0, batches.Beside);
        _totals.BatchTokensBeside += batch.Sum(s => s.NumTokens);
        Assert.All(plan.Awaited.ToArray(), a => Assert.False(a.Sequence.Request.IsBatch, "a tower works for a batch beside interactive sequences"));
        if (_scheduler.Waiting.ToArray().Any(s => !s.Request.IsBatch))
            Assert.All(batch, s => Assert.Contains(s.Sequence, runningBefore));
        // Whoever was preempted was a batch, or all batches were before.
        if (runningBefore.Any(s => !s.Request.IsBatch && s.State == SequenceState.Waiting))
            Assert.Equal(0, _scheduler.Running.ToArray().Count(s => s.Request.IsBatch));
    }

    /// <summary>Free + held = all; a block is held as often as tables name it; what is neither held nor cached is spoiled.</summary>
    private void CheckInvariants()
    {
        for (int g = 0; g < _cache.Groups.Length; g++)
        {
            BlockPool pool = _cache.Groups[g].Pool;
            int[] holders = new int[pool.NumBlocks];
            foreach (Sequence sequence in _scheduler.Running)
            {
                BlockTable table = sequence.Kv.Tables[g];
                Assert.Equal((sequence.NumComputedTokens + _plan.BlockSize - 1) / _plan.BlockSize, table.Count);
                _totals.ReleasedWindowBlocks += table.NumReleased > 0 ? 1 : 0;
                for (int i = 0; i < table.Count; i++)
                {
                    if (table[i] != BlockId.None)
                        holders[table[i].Value]++;
                }
            }
            foreach (Sequence sequence in _scheduler.Waiting)
                Assert.Equal(0, sequence.Kv.Tables[g].Count);
            int numFree = 0;
            for (int b = 0; b < pool.NumBlocks; b++)
            {
                Assert.Equal(holders[b], pool.RefCount(new BlockId(b)));
                numFree += holders[b] == 0 ? 1 : 0;
                if (holders[b] == 0 && pool.HashOf(new BlockId(b)) == BlockHash.None)
                    _runner.Poison(g, new BlockId(b));
            }
            Assert.Equal(numFree, pool.NumFree);
        }
    }

    private void CheckOutcome(Sequence sequence, List<TokenEvent> events)
    {
        Assert.NotNull(events[^1].FinishReason);
        Assert.Single(events, e => e.FinishReason is not null);
        int[] tokens = [.. events.Where(e => e.TokenId is not null).Select(e => e.TokenId!.Value)];
        List<int> alone = _model.Generate(sequence.Request, sequence.Seed, sequence.MaxOutputTokens);
        FinishReason reason = events[^1].FinishReason!.Value;
        if (reason is FinishReason.Aborted or FinishReason.Error)
            alone = alone[..tokens.Length];
        else
            Assert.Equal(EndOf(sequence, alone), reason);
        Assert.Equal(alone, tokens);
        _totals.CachedTokens += sequence.NumCachedTokens;
        if (sequence.Request.PromptLogprobs && sequence.Index == 0 && reason is FinishReason.Stop or FinishReason.Length)
            CheckPromptLogprobs(sequence, events);
    }

    private static FinishReason EndOf(Sequence sequence, List<int> tokens)
    {
        if (EndsByStopToken(sequence, tokens))
            return FinishReason.Stop;
        ITokenConstraint? constraint = sequence.Request.Constraint?.Create();
        AcceptResult last = AcceptResult.GoesOn;
        foreach (int token in tokens)
            last = constraint?.Accept(token, mayCompute: true) ?? last;
        return last == AcceptResult.Complete ? FinishReason.Stop : FinishReason.Length;
    }

    private static bool EndsByStopToken(Sequence sequence, List<int> tokens) =>
        tokens.Count > sequence.Request.MinTokens && sequence.Request.StopTokenIds.Contains(tokens[^1]);

    private void CheckPromptLogprobs(Sequence sequence, List<TokenEvent> events)
    {
        var oracle = new LedgerOracle(_model, sequence.Request, sequence.Seed);
        oracle.Compute();
        TokenLogprobs[] reported = [.. events.Where(e => !e.PromptLogprobs.IsDefault).SelectMany(e => e.PromptLogprobs)];
        Assert.Equal(
            Enumerable.Range(1, sequence.NumPromptTokens - 1)
                .Select(p => LedgerModel.PromptLogprob(oracle.Top[p - 1], sequence.TokenIds[p]).Logprob),
            reported.Select(l => l.Logprob));
    }

    /// <summary>What all traces went through.</summary>
    internal sealed record Totals
    {
        public int Sequences { get; set; }

        public int Rejections { get; set; }

        public int Aborts { get; set; }

        public int Faults { get; set; }

        public int MediaFaults { get; set; }

        public long Preemptions { get; set; }

        public long CachedTokens { get; set; }

        public long MediaItems { get; set; }

        public long ReleasedWindowBlocks { get; set; }

        public long MaskJobs { get; set; }

        public long Drafts { get; set; }

        public long Confirmed { get; set; }

        public long BatchTokens { get; set; }

        public long BatchTokensBeside { get; set; }

        public long HeldSteps { get; set; }
    }

    private sealed class InjectedFaultException : Exception;
}
