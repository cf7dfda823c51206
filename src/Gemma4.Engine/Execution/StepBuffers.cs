using Gemma4.Engine.Layers;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Execution;

/// <summary>A plan as the model reads it, written into memory that is taken once.</summary>
internal sealed class StepBuffers : IDisposable
{
    private readonly int _blockSize;
    private readonly Device _device;
    private readonly int[] _tokenIds;
    private readonly int[][] _slots;
    private readonly SequenceSlice[] _slices;
    private readonly List<MediaSpan> _spans = [];
    private readonly Tensor _positions;      // [max T] int64, host

    /// <param name="numGroups">KV groups.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="maxTokens">Largest T.</param>
    /// <param name="maxSequences">Largest B.</param>
    /// <param name="device">Where the model computes.</param>
    public StepBuffers(int numGroups, int blockSize, int maxTokens, int maxSequences, Device device)
    {
        _blockSize = blockSize;
        _device = device;
        _tokenIds = new int[maxTokens];
        _slots = [.. Enumerable.Range(0, numGroups).Select(_ => new int[maxTokens])];
        _slices = new SequenceSlice[maxSequences];
        _positions = zeros(maxTokens, dtype: ScalarType.Int64).DetachFromDisposeScope();
    }

    /// <summary>The tokens of the plan that was filled in last, in its first T entries.</summary>
    public ReadOnlySpan<int> TokenIds => _tokenIds;

    /// <summary>Writes a plan.</summary>
    /// <returns>Valid until the next call; its tensor belongs to the caller's dispose scope.</returns>
    public StepInputs Fill(StepPlan plan)
    {
        using (var positions = _positions.data<long>())
        {
            int row = 0;
            for (int b = 0; b < plan.Sequences.Length; b++)
            {
                ref readonly ScheduledSequence scheduled = ref plan.Sequences[b];
                _slices[b] = new SequenceSlice(row, scheduled.NumTokens, scheduled.FirstPosition);
                scheduled.Sequence.TokenIds.Slice(scheduled.FirstPosition, scheduled.NumTokens).CopyTo(_tokenIds.AsSpan(row));
                for (int i = 0; i < scheduled.NumTokens; i++)
                    positions[row + i] = scheduled.FirstPosition + i;
                for (int g = 0; g < _slots.Length; g++)
                    WriteSlots(_slots[g].AsSpan(row, scheduled.NumTokens), scheduled.FirstPosition, scheduled.BlockTables[g].Ids.Span);
                row += scheduled.NumTokens;
            }
        }
        return new StepInputs(
            _positions.narrow(0, 0, plan.NumTokens).to(_device), _slices.AsMemory(0, plan.Sequences.Length), Groups(plan), Spans(plan));
    }

    public void Dispose() => _positions.Dispose();

    private void WriteSlots(Span<int> slots, int firstPosition, ReadOnlySpan<int> table)
    {
        for (int i = 0; i < slots.Length; i++)
        {
            int position = firstPosition + i;
            slots[i] = table[position / _blockSize] * _blockSize + position % _blockSize;
        }
    }

    private KvGroupInputs[] Groups(StepPlan plan)
    {
        var groups = new KvGroupInputs[_slots.Length];
        for (int g = 0; g < groups.Length; g++)
        {
            var tables = new ReadOnlyMemory<int>[plan.Sequences.Length];
            for (int b = 0; b < tables.Length; b++)
                tables[b] = plan.Sequences[b].BlockTables[g].Ids;
            groups[g] = new KvGroupInputs(_slots[g].AsMemory(0, plan.NumTokens), tables);
        }
        return groups;
    }

    private ReadOnlyMemory<MediaSpan> Spans(StepPlan plan)
    {
        _spans.Clear();
        foreach (ScheduledMedia media in plan.Media)
        {
            if (media.Item is MediaItem.Image)
                _spans.Add(new MediaSpan(media.SequenceIndex, media.Item.FirstToken, media.Item.NumSoftTokens));
        }
        return _spans.ToArray();
    }
}
