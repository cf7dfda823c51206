using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>One KV group's share of a step, prepared once and used by all its layers: where rows are written and what each may see.</summary>
internal sealed class AttentionGroup
{
    private readonly StepInputs _step;
    private readonly KvGroupInputs _inputs;
    private readonly int? _window;
    private readonly bool _bidirectionalMedia;

    /// <summary>Prepares a group. Its tensors belong to the caller's dispose scope.</summary>
    /// <param name="step">The step.</param>
    /// <param name="group">Which KV group.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="window">Positions seen, the current one included; null sees all.</param>
    /// <param name="bidirectionalMedia">True where the tokens of one media span see each other both ways.</param>
    /// <param name="angles">Angles of the group's layers, for kernels.</param>
    /// <param name="team">Threads for kernels.</param>
    public AttentionGroup(
        StepInputs step, int group, int blockSize, int? window, bool bidirectionalMedia, RotaryTable angles, WorkerTeam team)
    {
        _step = step;
        _inputs = step.KvGroups[group];
        _window = window;
        _bidirectionalMedia = bidirectionalMedia;
        BlockSize = blockSize;
        Angles = angles;
        Team = team;
        Slots = Indices(_inputs.SlotMapping.Span, step.Positions.device);
        Rows = new RowView[_inputs.SlotMapping.Length];
        FillRows();
        if (step.Positions.device_type != DeviceType.CPU)
            Sequences = PrepareViews();
    }

    /// <summary>Slot of each of the T rows, <c>[T]</c> int64.</summary>
    public Tensor Slots { get; }

    /// <summary>What each of the T rows sees.</summary>
    public RowView[] Rows { get; }

    /// <summary>Positions in a block.</summary>
    public int BlockSize { get; }

    /// <summary>Turns keys that kernels make from values.</summary>
    public RotaryTable Angles { get; }

    /// <summary>Threads for kernels.</summary>
    public WorkerTeam Team { get; }

    /// <summary>The largest S of the step's sequences.</summary>
    public int LongestContext { get; private set; }

    /// <summary>Pairs of row and position that see each other, over all rows.</summary>
    public long NumVisible { get; private set; }

    /// <summary>One entry a sequence, for libtorch's attention; empty on the CPU, where rows are read by a kernel.</summary>
    public IReadOnlyList<SequenceView> Sequences { get; } = [];

    /// <summary>A sequence's blocks in order.</summary>
    public ReadOnlySpan<int> BlockTable(int sequenceIndex) => _inputs.BlockTables[sequenceIndex].Span;

    private SequenceView[] PrepareViews()
    {
        Device device = _step.Positions.device;
        var views = new SequenceView[_step.Sequences.Length];
        for (int b = 0; b < views.Length; b++)
        {
            SequenceSlice slice = _step.Sequences.Span[b];
            int first = FirstVisible(slice.FirstPosition);
            views[b] = new SequenceView(
                slice,
                first,
                ReadSlots(BlockTable(b), first, slice.ContextLength, BlockSize, device),
                Hidden(slice, first, _window, _bidirectionalMedia ? _step.MediaSpans.Span : [], b, device));
        }
        return views;
    }

    private int FirstVisible(int position) => _window is { } window ? Math.Max(0, position - window + 1) : 0;

    private void FillRows()
    {
        for (int b = 0; b < _step.Sequences.Length; b++)
        {
            SequenceSlice slice = _step.Sequences.Span[b];
            LongestContext = Math.Max(LongestContext, slice.ContextLength);
            for (int i = 0; i < slice.NumTokens; i++)
            {
                int position = slice.FirstPosition + i;
                Rows[slice.FirstRow + i] = new RowView(b, FirstVisible(position), position + 1);
            }
        }
        if (_bidirectionalMedia)
        {
            foreach (MediaSpan span in _step.MediaSpans.Span)
                OpenSpan(span, _step.Sequences.Span[span.SequenceIndex]);
        }
        foreach (RowView row in Rows)
            NumVisible += row.End - row.First;
    }

    /// <summary>Lets the rows of a span see up to its end.</summary>
    private void OpenSpan(MediaSpan span, SequenceSlice slice)
    {
        int end = Math.Min(span.FirstPosition + span.NumTokens, slice.ContextLength);
        for (int p = Math.Max(span.FirstPosition, slice.FirstPosition); p < end; p++)
        {
            ref RowView row = ref Rows[slice.FirstRow + p - slice.FirstPosition];
            row = row with { End = end };
        }
    }

    private static Tensor ReadSlots(ReadOnlySpan<int> table, int first, int end, int blockSize, Device device)
    {
        var slots = new int[end - first];
        for (int p = first; p < end; p++)
        {
            int block = table[p / blockSize];
            if (block < 0)
                throw new InvalidOperationException($"Position {p} is read, but its block was given back.");
            slots[p - first] = block * blockSize + p % blockSize;
        }
        return Indices(slots, device);
    }

    private static Tensor Indices(ReadOnlySpan<int> values, Device device)
    {
        using Tensor narrow = tensor(values.ToArray(), device: device);
        return narrow.to(ScalarType.Int64);
    }

    /// <summary>What a row must not see, <c>[t, S]</c> bool; null where every row sees every position.</summary>
    private static Tensor? Hidden(
        SequenceSlice slice, int first, int? window, ReadOnlySpan<MediaSpan> spans, int sequence, Device device)
    {
        if (slice.NumTokens == 1)
            return null;
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = Arithmetic.Range(slice.FirstPosition, slice.ContextLength, device).unsqueeze(1);               // [t, 1]
        Tensor columns = Arithmetic.Range(first, slice.ContextLength, device).unsqueeze(0);                          // [1, S]
        Tensor hidden = columns > rows;                                                                              // [t, S]
        foreach (MediaSpan span in spans)
        {
            if (span.SequenceIndex != sequence)
                continue;
            int from = Math.Max(span.FirstPosition, slice.FirstPosition);
            int count = Math.Min(span.FirstPosition + span.NumTokens, slice.ContextLength) - from;
            if (count > 0)
                hidden.narrow(0, from - slice.FirstPosition, count).narrow(1, from - first, count).zero_();
        }
        if (window is { } w)
            hidden = hidden | (columns <= Arithmetic.Range(slice.FirstPosition - w, slice.ContextLength - w, device).unsqueeze(1));
        return scope.MoveToOuter(hidden);
    }
}

/// <summary>What one row sees: positions <c>First .. End - 1</c> of its sequence.</summary>
/// <param name="SequenceIndex">Which sequence of the step.</param>
/// <param name="First">First visible position.</param>
/// <param name="End">One past the last visible position.</param>
internal readonly record struct RowView(int SequenceIndex, int First, int End);

/// <summary>What one sequence's rows read.</summary>
/// <param name="Slice">Its rows.</param>
/// <param name="FirstKeyPosition">Position of the first key read.</param>
/// <param name="ReadSlots">Slots of the S keys in order of position, <c>[S]</c> int64.</param>
/// <param name="Hidden">What a row must not see, <c>[t, S]</c> bool; null where all is seen.</param>
internal sealed record SequenceView(SequenceSlice Slice, int FirstKeyPosition, Tensor ReadSlots, Tensor? Hidden)
{
    /// <summary>Positions of the S keys, <c>[S]</c> int64; the caller owns it.</summary>
    public Tensor KeyPositions() => Arithmetic.Range(FirstKeyPosition, Slice.ContextLength, ReadSlots.device);
}
