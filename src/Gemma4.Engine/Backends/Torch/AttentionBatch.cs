using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Runs of rows that are attended together: B runs of t rows each, which read S positions each, padded. Used by all layers of a KV group.</summary>
internal sealed class AttentionBatch : IDisposable
{
    /// <summary>Rows of a run up to which scores are held: few products read a key once for all query heads, however few rows there are.</summary>
    private const int MaxRowsOfProducts = 8;

    /// <summary>Added to the score of what must not be seen. Finite: where a row sees nothing of a stretch of keys, differences of infinities would be no numbers.</summary>
    private const float Hidden = -1e30f;

    private static readonly Scalar HiddenScore = Hidden.ToScalar();

    private readonly Dictionary<HeadTurn, HeadAngles> _angles = [];
    private readonly Tensor _keyPositions;      // [B, S] int64; [1, S] where all runs begin at the same position

    /// <param name="runs">At least one, of the same length.</param>
    /// <param name="step">The step.</param>
    /// <param name="inputs">Block tables.</param>
    /// <param name="visible">What its rows see.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="link">The way to the device.</param>
    /// <param name="dtype">Dtype of activations.</param>
    public AttentionBatch(
        List<AttentionRun> runs, StepInputs step, KvGroupInputs inputs, VisibleRows visible, int blockSize, DeviceLink link, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        NumRuns = runs.Count;
        NumRows = runs[0].NumRows;
        int blocks = runs.Max(r => r.NumBlocks);
        NumPositions = blocks * blockSize;
        Blocks = link.Send(BlocksOf(runs, inputs, blocks));
        if (runs.Count > 1 || NumRows != step.NumTokens)
            Rows = link.Send([.. runs.SelectMany(r => Enumerable.Range(r.FirstRow, r.NumRows))]);
        _keyPositions = KeyPositions(runs, blockSize, link).DetachFromDisposeScope();
        Mask = MaskOf(runs, visible.Ranges, link, UsesProducts ? ScalarType.Float32 : dtype).DetachFromDisposeScope();
    }

    /// <summary>B.</summary>
    public int NumRuns { get; }

    /// <summary>t.</summary>
    public int NumRows { get; }

    /// <summary>S, whole blocks.</summary>
    public int NumPositions { get; }

    /// <summary>True where scores are few enough to be held.</summary>
    public bool UsesProducts => NumRows <= MaxRowsOfProducts;

    /// <summary>Which rows of the step, <c>[B · t]</c> int64; null where they are all rows in their order.</summary>
    public Tensor? Rows { get; }

    /// <summary>The blocks of each run, <c>[B · S / BlockSize]</c> int64.</summary>
    public Tensor Blocks { get; }

    /// <summary>Added to scores, <c>[B, t, S]</c>: float32 for products, else in the dtype of activations.</summary>
    public Tensor Mask { get; }

    /// <summary>Angles of the keys, <c>[B or 1, S, H]</c>.</summary>
    public HeadAngles KeyAngles(HeadTurn turn)
    {
        if (!_angles.TryGetValue(turn, out HeadAngles angles))
            _angles.Add(turn, angles = turn.At(_keyPositions));
        return angles;
    }

    public void Dispose()
    {
        foreach (HeadAngles angles in _angles.Values)
            angles.Dispose();
        Blocks.Dispose();
        Rows?.Dispose();
        Mask.Dispose();
        _keyPositions.Dispose();
    }

    /// <summary>Each run's blocks; a shorter run reads its first block again, which its mask hides.</summary>
    private static int[] BlocksOf(List<AttentionRun> runs, KvGroupInputs inputs, int count)
    {
        var blocks = new int[runs.Count * count];
        for (int b = 0; b < runs.Count; b++)
        {
            ReadOnlySpan<int> own = inputs.BlockTables[runs[b].SequenceIndex].Span.Slice(runs[b].FirstBlock, runs[b].NumBlocks);
            int withdrawn = own.IndexOf(-1);
            if (withdrawn >= 0)
                throw new InvalidOperationException($"Block {runs[b].FirstBlock + withdrawn} of a sequence is read, but it was given back.");
            own.CopyTo(blocks.AsSpan(b * count));
            blocks.AsSpan(b * count + own.Length, count - own.Length).Fill(own[0]);
        }
        return blocks;
    }

    private Tensor KeyPositions(List<AttentionRun> runs, int blockSize, DeviceLink link)
    {
        bool together = runs.TrueForAll(r => r.FirstBlock == runs[0].FirstBlock);
        int[] starts = [.. runs.Take(together ? 1 : runs.Count).Select(r => r.FirstBlock * blockSize)];
        using Tensor start = link.Send(starts);                                                // [B or 1]
        using Tensor offset = link.Send([.. Enumerable.Range(0, NumPositions)]);               // [S]
        return start.unsqueeze(1).Plus(offset);
    }

    private Tensor MaskOf(List<AttentionRun> runs, ReadOnlySpan<VisibleRange> ranges, DeviceLink link, ScalarType dtype)
    {
        var firsts = new int[NumRuns * NumRows];
        var ends = new int[NumRuns * NumRows];
        for (int b = 0; b < NumRuns; b++)
        {
            for (int i = 0; i < NumRows; i++)
                (firsts[b * NumRows + i], ends[b * NumRows + i]) = ranges[runs[b].FirstRow + i];
        }
        using Tensor first = link.Send(firsts), end = link.Send(ends);                         // [B · t]
        Tensor positions = _keyPositions.unsqueeze(1);                                         // [B or 1, 1, S]
        Tensor isHidden = (positions < first.view(NumRuns, NumRows, 1)).logical_or_(positions >= end.view(NumRuns, NumRows, 1));      // [B, t, S]
        return zeros(isHidden.shape, dtype: dtype, device: link.Device).masked_fill_(isHidden, HiddenScore);
    }
}
