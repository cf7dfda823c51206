using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>Decides who runs, how many tokens and in which blocks. Arithmetic only: the same calls make the same plans.</summary>
/// <remarks>
/// There is no prompt phase and no generation phase. A sequence has tokens, some of them computed, and each step lets the computed ones
/// catch up: sequences that lack one token come first, so that a long prompt beside them never starves them; then, under a budget that
/// keeps the step short, those that lack more, eldest first; then new ones. With what budget and blocks are left, those that lacked one verify
/// guesses of further tokens, so that guesses delay and preempt nobody; what wrong ones took is given back when the step is committed. When blocks run out, the youngest sequence that this step does not
/// need yet is preempted: it gives its blocks back and later computes its tokens again, most of them found in the prefix cache.
/// The eldest sequence can always go on, because it was admitted only if it fits alone; so every sequence ends. A sequence whose next mask is
/// not there yet goes on up to the token that would be sampled from, and then waits; the others do not wait for it.
/// Sequences of batches get what the interactive ones leave: they are planned behind them under a budget of their own, start only while none of those
/// waits, and are preempted when one of those lacks a place or blocks.
/// </remarks>
/// <param name="cache">The blocks.</param>
/// <param name="limits">What a step may hold.</param>
/// <param name="drafter">Guesses next tokens; null has every token sampled alone.</param>
internal sealed class Scheduler(KvCacheManager cache, SchedulerLimits limits, IDrafter? drafter = null)
{
    private readonly SequenceQueue _waiting = new();
    private readonly SequenceQueue _running = new();
    private readonly List<SequenceOutput> _outputs = [];
    private readonly StepPlan _plan = new();
    private readonly StepDrafts? _drafts = drafter is null ? null : new StepDrafts(drafter, cache);
    private readonly int _blockSize = cache.Plan.BlockSize;
    private long _step;
    private bool _isShortOfRoom;
    private int _maxTokens;
    private int _tokensLeft;
    private bool _mayEncode;

    /// <summary>Sequences that wait, preempted ones included.</summary>
    public int NumWaiting => _waiting.Count;

    /// <summary>Sequences that hold blocks.</summary>
    public int NumRunning => _running.Count;

    /// <summary>Preemptions of interactive sequences since the start.</summary>
    public long NumPreemptions { get; private set; }

    /// <summary>Tokens looked up in the prefix cache since the start, at first admissions.</summary>
    public long NumPrefixQueries { get; private set; }

    /// <summary>Tokens found in the prefix cache since the start, at first admissions.</summary>
    public long NumPrefixHits { get; private set; }

    /// <summary>True where the last plan is empty although there are sequences of batches and no others: their budget allowed none of their tokens.</summary>
    public bool HoldsBatches { get; private set; }

    /// <summary>Running sequences, in the order of service. Valid until the next change.</summary>
    internal ReadOnlySpan<Sequence> Running => _running.Items;

    /// <summary>Waiting sequences, in the order of service. Valid until the next change.</summary>
    internal ReadOnlySpan<Sequence> Waiting => _waiting.Items;

    /// <summary>Queues a sequence that <see cref="SequenceFactory"/> made.</summary>
    public void Add(Sequence sequence)
    {
        Debug.Assert(sequence.State == SequenceState.Waiting, "a sequence is added once");
        _waiting.Add(sequence);
    }

    /// <summary>Ends a sequence between steps; does nothing when it has ended.</summary>
    /// <returns>True when it had not ended before.</returns>
    public bool End(Sequence sequence)
    {
        if (sequence.State == SequenceState.Ended)
            return false;
        if (sequence.State == SequenceState.Waiting)
            _waiting.Remove(sequence);
        else
            StopRunning(sequence);
        sequence.State = SequenceState.Ended;
        sequence.WaitsFor = null;
        return true;
    }

    /// <summary>Preempts the sequences of a plan that was not executed, so that they are planned anew.</summary>
    public void Preempt(StepPlan plan)
    {
        foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
        {
            if (scheduled.Sequence.State == SequenceState.Running)
                Preempt(scheduled.Sequence);
        }
    }

    /// <summary>Any sequence that has not ended.</summary>
    public bool TryPeek([NotNullWhen(true)] out Sequence? sequence)
    {
        sequence = _running.Count > 0 ? _running[0] : _waiting.Count > 0 ? _waiting[0] : null;
        return sequence is not null;
    }

    /// <summary>Plans the next step. It is empty only when no sequence is left but such as wait for their masks, those they hold blocks from, and batches
    /// that are held (<see cref="HoldsBatches"/>).</summary>
    /// <param name="prompts">How much of prompts it may read; an item that must stay whole may exceed it.</param>
    /// <param name="batches">How much of batches it may hold.</param>
    /// <returns>Valid until the next call; to be committed or, after a fault, its sequences ended.</returns>
    public StepPlan Schedule(PromptBudget prompts, BatchBudget batches)
    {
        _plan.Clear();
        _step++;
        _isShortOfRoom = false;
        (_maxTokens, _mayEncode) = (limits.MaxTokensPerStep, true);
        PlanNext(isBatch: false, prompts, int.MaxValue);
        bool hasInteractive = _running.NumInteractive + _waiting.NumInteractive > 0;
        int batchTokens = !hasInteractive ? batches.Alone : _plan.NumTokens > 0 ? batches.Beside : 0;
        HoldsBatches = !hasInteractive && batchTokens <= 0 && TryPeek(out _);
        if (batchTokens > 0)
        {
            // Beside interactive sequences nothing exceeds the budget; an item that must stay whole waits until they have gone.
            if (hasInteractive)
                (_maxTokens, _mayEncode) = ((int)Math.Min(limits.MaxTokensPerStep, (long)_plan.NumTokens + batchTokens), false);
            // Their steps stay short where no one gets a next token, too: whoever comes meanwhile waits for the step's end.
            PlanNext(isBatch: true, prompts with { Alone = prompts.BesideText }, batchTokens);
        }
        return _plan;
    }

    /// <summary>Adds what the interactive sequences, or those of batches, get of the step.</summary>
    /// <param name="isBatch">Which of the two.</param>
    /// <param name="prompts">How much of prompts.</param>
    /// <param name="tokens">How much in all; an item that must stay whole may exceed it.</param>
    private void PlanNext(bool isBatch, PromptBudget prompts, int tokens)
    {
        int firstPlanned = _plan.Sequences.Length, most = (int)Math.Min(_maxTokens, (long)_plan.NumTokens + tokens);
        _tokensLeft = tokens;
        ContinueThoseThat(awaitNextToken: true, isBatch);
        _tokensLeft = Math.Min(_tokensLeft, _plan.IsEmpty ? prompts.Alone : prompts.BesideText);
        ContinueThoseThat(awaitNextToken: false, isBatch);
        foreach (Sequence sequence in _running.Items[_running.First(isBatch).._running.End(isBatch)])
            AwaitMedia(sequence, sequence.NumComputedTokens);
        if (!_isShortOfRoom && (!isBatch || _waiting.NumInteractive == 0))
            Admit(isBatch);
        _drafts?.Add(_plan, firstPlanned, most);
    }

    /// <summary>Takes in what a step computed and sampled.</summary>
    /// <returns>What to tell the readers, in the plan's order; valid until the next call.</returns>
    public ReadOnlySpan<SequenceOutput> Commit(StepPlan plan, StepResult result)
    {
        ReadOnlySpan<SampledRun> runs = result.Runs.Span;
        if (runs.Length != plan.Sequences.Length)
            throw new InvalidOperationException($"the runner returned {runs.Length} results for {plan.Sequences.Length} sequences");
        _outputs.Clear();
        for (int i = 0; i < runs.Length; i++)
        {
            ref readonly ScheduledSequence scheduled = ref plan.Sequences[i];
            ref readonly SampledRun run = ref runs[i];
            if (run.NumConfirmed > scheduled.NumDrafts || (run.Fault is null && run.Tokens.IsEmpty == scheduled.Samples))
                throw new InvalidOperationException($"the runner returned {run.Tokens.Length} tokens for a sequence with {scheduled.NumDrafts} drafts");
            Sequence sequence = scheduled.Sequence;
            sequence.KeepDrafts(run.NumConfirmed);
            sequence.NumComputedTokens = scheduled.FirstPosition + scheduled.NumKnownTokens + run.NumConfirmed;
            cache.Commit(sequence.Kv, sequence.TokenIds[..sequence.NumComputedTokens]);
            int numBefore = _outputs.Count;
            SequenceProgress.Advance(in scheduled, in run, _outputs);
            if (_outputs.Count > numBefore && _outputs[^1].Event.FinishReason is not null)
                End(sequence);
        }
        CommitMedia(plan.Awaited, result.Awaited.Span);
        return CollectionsMarshal.AsSpan(_outputs);
    }

    /// <summary>Lets sequences go on whose next media are encoded, and ends those whose media cannot be.</summary>
    private void CommitMedia(ReadOnlySpan<AwaitedMedia> awaited, ReadOnlySpan<EncoderProgress> progress)
    {
        if (awaited.Length != progress.Length)
            throw new InvalidOperationException($"the runner returned {progress.Length} results for {awaited.Length} awaited media");
        Sequence? stuck = null; // its further media do not count until the one before them is there
        for (int i = 0; i < awaited.Length; i++)
        {
            Sequence sequence = awaited[i].Sequence;
            if (sequence == stuck)
                continue;
            if (progress[i].IsEncoded)
                sequence.NumMediaEncoded = awaited[i].MediaIndex + 1;
            else
                stuck = sequence;
            if (progress[i].Fault is not null && End(sequence))
                _outputs.Add(new SequenceOutput(sequence, SequenceProgress.Ended(sequence, FinishReason.Error, SequenceProgress.SequenceFailedMessage), 0));
        }
    }

    private int BudgetLeft => _maxTokens - _plan.NumTokens;

    private void ContinueThoseThat(bool awaitNextToken, bool isBatch)
    {
        for (int i = _running.First(isBatch); i < _running.End(isBatch); i++)
        {
            if (_running[i].AwaitsNextToken == awaitNextToken)
                Continue(i);
        }
    }

    /// <summary>Plans the next tokens of a running sequence, if budget and blocks allow any.</summary>
    private void Continue(int index)
    {
        Sequence sequence = _running[index];
        int first = sequence.NumComputedTokens;
        int numTokens = Piece(sequence, first, sequence.NumComputableTokens - first);
        while (numTokens > 0 && cache.MaxEnd(sequence.Kv) < first + numTokens)
        {
            int fitting = Cut(sequence, first, cache.MaxEnd(sequence.Kv) - first);
            if (fitting > 0)
            {
                numTokens = fitting;
                break;
            }
            _isShortOfRoom = true;
            if (!TryPreemptYoungerThan(index))
                return;
        }
        if (numTokens > 0)
            Plan(sequence, numTokens);
    }

    private bool TryPreemptYoungerThan(int index)
    {
        for (int i = _running.Count - 1; i > index; i--)
        {
            Sequence victim = _running[i];
            if (victim.LastStep == _step)
                continue;
            Preempt(victim);
            return true;
        }
        return false;
    }

    private void Preempt(Sequence sequence)
    {
        StopRunning(sequence);
        sequence.State = SequenceState.Waiting;
        _waiting.Add(sequence);
        if (!sequence.Request.IsBatch)
            NumPreemptions++;
    }

    /// <summary>Makes room for an interactive sequence that lacks some.</summary>
    private bool TryPreemptBatch()
    {
        if (_running.Count == _running.NumInteractive)
            return false;
        _isShortOfRoom = true;
        Preempt(_running[^1]);
        return true;
    }

    private void Admit(bool isBatch)
    {
        int index = _waiting.First(isBatch);
        while (index < _waiting.End(isBatch) && HasPlace(isBatch) && BudgetLeft > 0 && _tokensLeft > 0)
        {
            Sequence sequence = _waiting[index];
            if (SharedPrefixWait.Continues(sequence))
            {
                index++;
                continue;
            }
            int hit = FindPrefix(sequence);
            // An interactive sequence does not wait for what a batch computes in its own time.
            if (!sequence.NeedsPromptLogits && SharedPrefixWait.TryBegin(sequence, hit, _blockSize, _running.Items[.._running.End(isBatch)]))
            {
                index++;
                continue;
            }
            if (MediaCut.IsAwaited(sequence, hit * _blockSize))
            {
                AwaitMedia(sequence, hit * _blockSize);
                index++;
                continue;
            }
            if (sequence.NumComputableTokens <= hit * _blockSize)
            {
                index++;    // nothing but its mask is missing, which must not hold up those behind it
                continue;
            }
            if (!TryStart(sequence, hit))
                return;
            _waiting.RemoveAt(index);
            AwaitMedia(sequence, sequence.NumComputedTokens);
        }
    }

    private bool HasPlace(bool isBatch) => _running.Count < limits.MaxSequences || (!isBatch && _running.Count > _running.NumInteractive);

    private bool TryStart(Sequence sequence, int hit)
    {
        int first = hit * _blockSize;
        int outstanding = sequence.NumComputableTokens - first;
        int numTokens = Piece(sequence, first, outstanding);
        if (numTokens == 0)
            return false;
        if (_running.Count == limits.MaxSequences && !TryPreemptBatch())
            return false;
        // Beside others it starts only when all of it has room, or the two would preempt each other for no gain. Alone it always fits.
        int chunk = Math.Min(outstanding, limits.MaxTokensPerStep);
        while (_running.Count > 0 && !cache.HasRoomFor(sequence.Kv, hit, sequence.NumTokens, chunk))
        {
            if (sequence.Request.IsBatch || !TryPreemptBatch())
                return false;
        }
        cache.Begin(sequence.Kv, hit);
        numTokens = Cut(sequence, first, Math.Min(numTokens, cache.MaxEnd(sequence.Kv) - first));
        if (numTokens <= 0)
        {
            cache.Release(sequence.Kv);
            return false;
        }
        if (!sequence.HasStarted)
        {
            sequence.HasStarted = true;
            sequence.NumCachedTokens = Math.Min(first, sequence.NumPromptTokens);
            NumPrefixQueries += sequence.NumPromptTokens;
            NumPrefixHits += sequence.NumCachedTokens;
        }
        sequence.NumComputedTokens = first;
        sequence.State = SequenceState.Running;
        _running.Add(sequence);
        Plan(sequence, numTokens);
        return true;
    }

    /// <summary>Has the media encoded that a sequence needs next, if towers may work for it.</summary>
    private void AwaitMedia(Sequence sequence, int first)
    {
        if (!_mayEncode)
            return;
        int next = MediaCut.FirstAwaited(sequence, first), softTokens = 0;
        for (int i = next; i < sequence.MediaSpans.Length; i++)
        {
            softTokens += sequence.MediaSpans[i].NumPositions;
            if (i > next && softTokens > limits.MaxEncoderTokensPerPass)
                return;
            _plan.Await(sequence, i);
        }
    }

    private void Plan(Sequence sequence, int numTokens)
    {
        int first = sequence.NumComputedTokens;
        int end = first + numTokens;
        cache.Extend(sequence.Kv, end);
        sequence.LastStep = _step;
        bool samples = end == sequence.NumTokens && sequence.MaxOutputTokens > 0;
        Debug.Assert(!samples || !sequence.IsWaitingForMask, "a sequence samples only when its mask is there");
        _plan.Add(new ScheduledSequence(sequence, first, numTokens, sequence.Kv.Tables, samples));
        _tokensLeft = Math.Max(0, _tokensLeft - numTokens);
    }

    private void StopRunning(Sequence sequence)
    {
        _running.Remove(sequence);
        cache.Release(sequence.Kv);
        sequence.KeepDrafts(0);
        sequence.NumComputedTokens = 0;
        sequence.NumMediaEncoded = 0;
    }

    private int FindPrefix(Sequence sequence) => sequence.NeedsPromptLogits
        ? 0
        : cache.FindPrefix(sequence.Kv, sequence.NumTokens - 1, limits.MediaIsBidirectional ? sequence.MediaSpans : []);

    /// <summary>How many tokens of a sequence the step's budgets allow.</summary>
    private int Piece(Sequence sequence, int first, int outstanding)
    {
        if (outstanding <= 0)
            return 0;
        int numTokens = Cut(sequence, first, Math.Min(outstanding, Math.Min(BudgetLeft, _tokensLeft)));
        return numTokens > 0 || _tokensLeft == 0 ? numTokens : Cut(sequence, first, Math.Min(MediaCut.RestOfItem(sequence, first), BudgetLeft));
    }

    private int Cut(Sequence sequence, int first, int numTokens) => MediaCut.Apply(sequence, first, numTokens, limits.MediaIsBidirectional);
}
