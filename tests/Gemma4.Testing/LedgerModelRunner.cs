using System.Collections.Immutable;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Testing;

/// <summary>
/// Executes plans on a <see cref="LedgerModel"/> through real slots and block tables. It stops at a slot that is read before it is
/// written, that holds another position, that two sequences write in one step, or that one writes while another reads it.
/// What it cannot see becomes a wrong token. Media it encodes a slice a step, and it stops at a token of one that is not encoded.
/// </summary>
internal sealed class LedgerModelRunner : IModelRunner
{
    private readonly LedgerModel _model;
    private readonly int _blockSize;
    private readonly Slot[][] _slots;
    private readonly List<SampledRun> _runs = [];
    private readonly List<ulong> _values = [];
    private readonly Dictionary<UInt128, int> _slicesLeft = [];
    private int _step;

    /// <summary>A runner with every slot poisoned.</summary>
    public LedgerModelRunner(LedgerModel model, KvCachePlan plan)
    {
        _model = model;
        _blockSize = plan.BlockSize;
        _slots = [.. plan.NumBlocks.Select(n => new Slot[n * plan.BlockSize])];
        foreach (Slot[] slots in _slots)
            Array.Fill(slots, Slot.Poison);
    }

    /// <summary>Looks at each plan before it is executed, and may throw to make the step fail.</summary>
    public Action<StepPlan>? BeforeStep { get; set; }

    /// <summary>What <see cref="CanContinueAfter"/> answers.</summary>
    public bool SurvivesFaults { get; init; } = true;

    /// <summary>Most slices that a medium takes; how many it does is drawn from its content.</summary>
    public int MaxMediaSlices { get; init; } = 1;

    /// <summary>Looks at each medium before a slice of it is encoded, and may throw to make that fail.</summary>
    public Action<MediaItem>? BeforeSlice { get; set; }

    /// <summary>Media items named by plans so far.</summary>
    public int NumMediaNamed { get; private set; }

    /// <summary>True once disposed.</summary>
    public bool IsDisposed { get; private set; }

    /// <inheritdoc/>
    public StepResult Execute(StepPlan plan)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        BeforeStep?.Invoke(plan);
        _step++;
        NumMediaNamed += plan.Media.Length;
        Embed(plan);
        for (int group = 0; group < _slots.Length; group++)
        {
            Write(plan, group);
            Read(plan, group);
        }
        Sample(plan);
        return new StepResult(_runs.ToArray(), Encode(plan));
    }

    /// <inheritdoc/>
    public bool CanContinueAfter(Exception fault) => SurvivesFaults;

    /// <inheritdoc/>
    public void Dispose() => IsDisposed = true;

    /// <summary>Spoils a block that is free and not in the prefix cache.</summary>
    public void Poison(int group, BlockId block) =>
        Array.Fill(_slots[group], Slot.Poison, block.Value * _blockSize, _blockSize);

    private void Embed(StepPlan plan)
    {
        _values.Clear();
        foreach (ScheduledSequence s in plan.Sequences)
        {
            for (int p = s.FirstPosition; p < s.FirstPosition + s.NumTokens; p++)
            {
                if (IsMedia(s.Sequence.Request, p) && !IsNamed(plan, s.Sequence, p))
                    throw new LedgerException($"the plan names no encoded medium for position {p} of {s.Sequence.Id}");
                _values.Add(LedgerModel.Embed(s.Sequence.Request, p, s.Sequence.TokenIdsWithDrafts[p]));
            }
        }
    }

    /// <summary>One slice of the first item that lacks one.</summary>
    private EncoderProgress[] Encode(StepPlan plan)
    {
        var progress = new EncoderProgress[plan.Awaited.Length];
        bool worked = false;
        for (int i = 0; i < progress.Length; i++)
        {
            MediaItem item = plan.Awaited[i].Item;
            _slicesLeft.TryAdd(item.ContentHash, 1 + (int)(item.ContentHash % (uint)MaxMediaSlices));
            try
            {
                if (!worked && _slicesLeft[item.ContentHash] > 0)
                {
                    worked = true;
                    BeforeSlice?.Invoke(item);
                    _slicesLeft[item.ContentHash]--;
                }
                progress[i] = new EncoderProgress(_slicesLeft[item.ContentHash] == 0);
            }
            catch (Exception e)
            {
                progress[i] = new EncoderProgress(false, e);
            }
        }
        return progress;
    }

    private bool IsEncoded(MediaItem item) => _slicesLeft.TryGetValue(item.ContentHash, out int left) && left == 0;

    private void Write(StepPlan plan, int group)
    {
        int row = 0;
        foreach (ScheduledSequence s in plan.Sequences)
        {
            for (int p = s.FirstPosition; p < s.FirstPosition + s.NumTokens; p++)
            {
                ref Slot slot = ref SlotOf(s, group, p);
                if (slot.Step == _step)
                    throw new LedgerException($"two tokens of step {_step} are written into one slot; the second is {s.Sequence.Id}'s {p}");
                slot = new Slot(_values[row++], p, _step, s.Sequence.Id);
            }
        }
    }

    private void Read(StepPlan plan, int group)
    {
        int row = 0;
        foreach (ScheduledSequence s in plan.Sequences)
        {
            for (int p = s.FirstPosition; p < s.FirstPosition + s.NumTokens; p++)
            {
                (int first, int end) = _model.Visible(s.Sequence.Request, group, p);
                ulong sum = 0;
                for (int q = first; q < end; q++)
                {
                    ref Slot slot = ref SlotOf(s, group, q);
                    if (slot.Position != q)
                        throw new LedgerException($"{s.Sequence.Id} reads position {q} in group {group} and finds {slot.Position}");
                    if (slot.Step == _step && slot.Writer != s.Sequence.Id)
                        throw new LedgerException($"{slot.Writer} writes what {s.Sequence.Id} reads");
                    sum += LedgerModel.AtPosition(slot.Value, q);
                }
                _values[row] = LedgerModel.NextLayer(_values[row], sum);
                row++;
            }
        }
    }

    private void Sample(StepPlan plan)
    {
        _runs.Clear();
        int row = 0;
        foreach (ScheduledSequence s in plan.Sequences)
        {
            _runs.Add(new SampledRun(s.Samples ? Sample(s, row + s.NumKnownTokens - 1) : default, PromptLogprobs(s, row)));
            row += s.NumTokens;
        }
    }

    /// <summary>Tokens up to the first that is not what was drafted.</summary>
    /// <param name="s">The sequence.</param>
    /// <param name="row">That of its last known token.</param>
    private SampledToken[] Sample(in ScheduledSequence s, int row)
    {
        Sequence sequence = s.Sequence;
        List<SampledToken> run = [];
        do
        {
            ulong top = _values[row + run.Count];
            run.Add(new SampledToken(_model.Sample(top, sequence.Seed, sequence.NumTokens + run.Count, sequence.MaskAfter(run.Count))));
        }
        while (run.Count <= s.NumDrafts && run[^1].TokenId == sequence.DraftTokenIds[run.Count - 1]);
        return [.. run];
    }

    private ImmutableArray<TokenLogprobs> PromptLogprobs(ScheduledSequence s, int row)
    {
        if (!s.Sequence.Request.PromptLogprobs || s.Sequence.Index != 0)
            return default;
        var logprobs = ImmutableArray.CreateBuilder<TokenLogprobs>();
        int last = Math.Min(s.FirstPosition + s.NumTokens, s.Sequence.NumPromptTokens - 1);
        for (int p = s.FirstPosition + 1; p <= last; p++)
            logprobs.Add(LedgerModel.PromptLogprob(_values[row + p - 1 - s.FirstPosition], s.Sequence.TokenIds[p]));
        return logprobs.ToImmutable();
    }

    private ref Slot SlotOf(in ScheduledSequence s, int group, int position)
    {
        BlockId block = s.BlockTables[group][position / _blockSize];
        if (block == BlockId.None)
            throw new LedgerException($"{s.Sequence.Id} needs position {position} in group {group}, whose block was given back");
        return ref _slots[group][(block.Value * _blockSize) + (position % _blockSize)];
    }

    private static bool IsMedia(GenerationRequest request, int position)
    {
        foreach (MediaItem item in request.Media)
        {
            if (position >= item.FirstToken && position < item.FirstToken + item.NumSoftTokens)
                return true;
        }
        return false;
    }

    private bool IsNamed(StepPlan plan, Sequence sequence, int position)
    {
        foreach (ScheduledMedia media in plan.Media)
        {
            if (plan.Sequences[media.SequenceIndex].Sequence == sequence
                && position >= media.Item.FirstToken && position < media.Item.FirstToken + media.Item.NumSoftTokens)
            {
                return IsEncoded(media.Item);
            }
        }
        return false;
    }

    private readonly record struct Slot(ulong Value, int Position, int Step, SequenceId Writer)
    {
        public static readonly Slot Poison = new(0xDEADDEADDEADDEAD, -1, -1, new SequenceId(-1));
    }
}

/// <summary>The ledger found a slip in blocks, tables or plans.</summary>
internal sealed class LedgerException(string message) : Exception(message);
