namespace Gemma4.Engine.Backends;

/// <summary>What every layer needs to know of one step: T tokens of B sequences laid end to end. Memory is taken once and filled anew for every step.</summary>
/// <param name="numGroups">KV groups.</param>
internal sealed class StepInputs(int numGroups)
{
    private int[] _positions = [];

    /// <summary>Tokens of the step, T.</summary>
    public int NumTokens { get; private set; }

    /// <summary>Position of each token in its sequence, <c>[T]</c>.</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, NumTokens);

    /// <summary>One entry a sequence, in batch order; rows follow each other without gaps.</summary>
    public List<SequenceSlice> Sequences { get; } = [];

    /// <summary>One entry a KV group, as the cache's specification orders them.</summary>
    public KvGroupInputs[] KvGroups { get; } = [.. Enumerable.Range(0, numGroups).Select(_ => new KvGroupInputs())];

    /// <summary>The rows that an adapter changes, in order of rows, neighbours of one adapter together; empty where no sequence has one. A projection
    /// that knows adapters adds their low-rank products to these rows of what it gives, and to no others.</summary>
    public List<AdapterRows> AdapterRows { get; } = [];

    /// <summary>Media tokens of this step that attend to each other both ways, where the model does so.</summary>
    public List<MediaSpan> MediaSpans { get; } = [];

    /// <summary>Forgets the last step.</summary>
    public void Clear()
    {
        NumTokens = 0;
        Sequences.Clear();
        MediaSpans.Clear();
        AdapterRows.Clear();
        foreach (KvGroupInputs group in KvGroups)
            group.BlockTables.Clear();
    }

    /// <summary>Adds a sequence's rows; its block tables and slots are added to each group by the caller.</summary>
    /// <param name="firstPosition">Tokens computed before.</param>
    /// <param name="numTokens">Tokens computed now.</param>
    /// <param name="adapter">Which adapter changes them; null where none does.</param>
    /// <returns>Its rows.</returns>
    public SequenceSlice Add(int firstPosition, int numTokens, int? adapter = null)
    {
        var slice = new SequenceSlice(NumTokens, numTokens, firstPosition);
        if (adapter is { } id)
            AddAdapterRows(id, slice);
        Sequences.Add(slice);
        NumTokens += numTokens;
        Grow(ref _positions, NumTokens);
        for (int i = 0; i < numTokens; i++)
            _positions[slice.FirstRow + i] = firstPosition + i;
        return slice;
    }

    private void AddAdapterRows(int adapter, SequenceSlice slice)
    {
        if (AdapterRows.Count > 0 && AdapterRows[^1] is var last && last.Adapter == adapter && last.FirstRow + last.NumRows == slice.FirstRow)
            AdapterRows[^1] = last with { NumRows = last.NumRows + slice.NumTokens };
        else
            AdapterRows.Add(new AdapterRows(adapter, slice.FirstRow, slice.NumTokens));
    }

    /// <summary>Makes room for <paramref name="length"/> entries and keeps those there are.</summary>
    internal static void Grow(ref int[] array, int length)
    {
        if (array.Length < length)
            Array.Resize(ref array, Math.Max(length, array.Length * 2));
    }
}

/// <summary>One sequence's rows of the step.</summary>
/// <param name="FirstRow">Row of its first token among the T.</param>
/// <param name="NumTokens">Tokens computed now.</param>
/// <param name="FirstPosition">Tokens computed before.</param>
internal readonly record struct SequenceSlice(int FirstRow, int NumTokens, int FirstPosition)
{
    /// <summary>Positions that exist once this step has written its own, S.</summary>
    public int ContextLength => FirstPosition + NumTokens;
}

/// <summary>Neighbouring rows of the step that one adapter changes.</summary>
/// <param name="Adapter">Which.</param>
/// <param name="FirstRow">Their first among the T.</param>
/// <param name="NumRows">How many.</param>
internal readonly record struct AdapterRows(int Adapter, int FirstRow, int NumRows);

/// <summary>Soft tokens of one image inside one sequence, as positions; never split over steps where they matter.</summary>
/// <param name="SequenceIndex">Which sequence of the step.</param>
/// <param name="FirstPosition">Position of the first soft token.</param>
/// <param name="NumTokens">Soft tokens, M.</param>
internal readonly record struct MediaSpan(int SequenceIndex, int FirstPosition, int NumTokens);

/// <summary>Where one KV group's layers write and read.</summary>
internal sealed class KvGroupInputs
{
    private int[] _slots = [];

    /// <summary>Slot of each token that was written: <c>block · BlockSize + offset</c>.</summary>
    public ReadOnlySpan<int> Slots => _slots;

    /// <summary>One a sequence: entry <c>p / BlockSize</c> holds position p; −1 where the window has passed.</summary>
    public List<ReadOnlyMemory<int>> BlockTables { get; } = [];

    /// <summary>Adds a sequence's blocks, and the slots of its rows.</summary>
    /// <param name="slice">Its rows.</param>
    /// <param name="blockTable">Its blocks in order; borrowed for the step.</param>
    /// <param name="blockSize">Positions in a block.</param>
    public void Add(SequenceSlice slice, ReadOnlyMemory<int> blockTable, int blockSize)
    {
        BlockTables.Add(blockTable);
        StepInputs.Grow(ref _slots, slice.FirstRow + slice.NumTokens);
        ReadOnlySpan<int> table = blockTable.Span;
        for (int i = 0; i < slice.NumTokens; i++)
        {
            int position = slice.FirstPosition + i;
            _slots[slice.FirstRow + i] = table[position / blockSize] * blockSize + position % blockSize;
        }
    }
}
