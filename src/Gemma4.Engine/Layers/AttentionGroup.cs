using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>One KV group's share of a step, prepared once and used by all its layers: where rows are written and what each may see.</summary>
internal sealed class AttentionGroup
{
    private AttentionGroup(Tensor slots, SequenceView[] sequences)
    {
        Slots = slots;
        Sequences = sequences;
    }

    /// <summary>Slot of each of the T rows, <c>[T]</c> int64.</summary>
    public Tensor Slots { get; }

    /// <summary>One entry a sequence.</summary>
    public IReadOnlyList<SequenceView> Sequences { get; }

    /// <summary>Prepares a group. The tensors belong to the caller's dispose scope.</summary>
    /// <param name="step">The step.</param>
    /// <param name="group">Which KV group.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="window">Positions seen, the current one included; null sees all.</param>
    /// <param name="bidirectionalMedia">True where the tokens of one media span see each other both ways.</param>
    public static AttentionGroup Prepare(StepInputs step, int group, int blockSize, int? window, bool bidirectionalMedia)
    {
        KvGroupInputs inputs = step.KvGroups[group];
        Device device = step.Positions.device;
        var views = new SequenceView[step.Sequences.Length];
        for (int b = 0; b < views.Length; b++)
        {
            SequenceSlice slice = step.Sequences.Span[b];
            int first = window is { } w ? Math.Max(0, slice.FirstPosition - w + 1) : 0;
            views[b] = new SequenceView(
                slice,
                first,
                ReadSlots(inputs.BlockTables[b].Span, first, slice.ContextLength, blockSize, device),
                Hidden(slice, first, window, bidirectionalMedia ? step.MediaSpans.Span : [], b, device));
        }
        return new AttentionGroup(Indices(inputs.SlotMapping.Span, device), views);
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
        Tensor rows = arange(slice.FirstPosition, slice.ContextLength, device: device).unsqueeze(1);                 // [t, 1]
        Tensor columns = arange(first, slice.ContextLength, device: device).unsqueeze(0);                            // [1, S]
        Tensor hidden = columns > rows;                                                                              // [t, S]
        foreach (MediaSpan span in spans)
        {
            if (span.SequenceIndex != sequence)
                continue;
            int from = Math.Max(span.FirstPosition, slice.FirstPosition);
            int count = Math.Min(span.FirstPosition + span.NumTokens, slice.ContextLength) - from;
            if (count > 0)
                hidden.narrow(0, from - slice.FirstPosition, count).narrow(1, from - first, count).fill_(false);
        }
        if (window is { } w)
            hidden = hidden | (columns <= rows - w);
        return scope.MoveToOuter(hidden);
    }
}

/// <summary>What one sequence's rows read.</summary>
/// <param name="Slice">Its rows.</param>
/// <param name="FirstKeyPosition">Position of the first key read.</param>
/// <param name="ReadSlots">Slots of the S keys in order of position, <c>[S]</c> int64.</param>
/// <param name="Hidden">What a row must not see, <c>[t, S]</c> bool; null where all is seen.</param>
internal sealed record SequenceView(SequenceSlice Slice, int FirstKeyPosition, Tensor ReadSlots, Tensor? Hidden)
{
    /// <summary>Positions of the S keys, <c>[S]</c> int64; the caller owns it.</summary>
    public Tensor KeyPositions() => arange(FirstKeyPosition, Slice.ContextLength, dtype: ScalarType.Int64, device: ReadSlots.device);
}
