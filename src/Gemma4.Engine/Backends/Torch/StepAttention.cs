using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>One KV group's share of a step, prepared once and used by all its layers: where rows are written, and what is read together.</summary>
/// <param name="group">The group.</param>
internal sealed class StepAttention(KvGroupView group) : IDisposable
{
    private readonly VisibleRows _visible = new(group);
    private readonly List<AttentionBatch> _batches = [];
    private Tensor? _slots;

    /// <summary>Numbers of a position's keys in the group's widest layer, K · H.</summary>
    public int NumbersPerPosition { get; set; } = 1;

    /// <summary>Slot of each of the T rows, <c>[T]</c> int64.</summary>
    public Tensor Slots => _slots ?? throw new InvalidOperationException("No step has begun.");

    /// <summary>What is read together; every row is in one of them.</summary>
    public IReadOnlyList<AttentionBatch> Batches => _batches;

    /// <summary>Prepares a step.</summary>
    public void Begin(StepInputs step, int blockSize, DeviceLink link, ScalarType dtype)
    {
        Dispose();
        KvGroupInputs inputs = step.KvGroups[group.Index];
        _visible.Fill(step);
        _slots = link.Send(inputs.Slots[..step.NumTokens]);
        foreach (List<AttentionRun> runs in AttentionRuns.Cut(step, _visible, blockSize, NumbersPerPosition))
            _batches.Add(new AttentionBatch(runs, step, inputs, _visible, blockSize, link, dtype));
    }

    public void Dispose()
    {
        _slots?.Dispose();
        _slots = null;
        foreach (AttentionBatch batch in _batches)
            batch.Dispose();
        _batches.Clear();
    }
}
