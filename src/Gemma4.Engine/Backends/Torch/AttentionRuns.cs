namespace Gemma4.Engine.Backends.Torch;

/// <summary>Neighbouring rows of one sequence and the blocks that they read.</summary>
/// <param name="SequenceIndex">Which sequence of the step.</param>
/// <param name="FirstRow">First of the rows.</param>
/// <param name="NumRows">How many, t.</param>
/// <param name="FirstBlock">First entry of the block table that one of them reads.</param>
/// <param name="NumBlocks">How many entries they read.</param>
internal readonly record struct AttentionRun(int SequenceIndex, int FirstRow, int NumRows, int FirstBlock, int NumBlocks);

/// <summary>Cuts a step's rows into runs, and puts runs together that are worth padding to the longest.</summary>
internal static class AttentionRuns
{
    /// <summary>Pairs of row and position whose mask is held: 128 MB in bfloat16.</summary>
    private const long MaxMaskNumbers = 64L << 20;

    /// <summary>Numbers of keys that are gathered at a time, and as many of values: 128 MB each in bfloat16.</summary>
    private const long MaxGatheredNumbers = 64L << 20;

    /// <summary>Cuts.</summary>
    /// <param name="step">The step.</param>
    /// <param name="visible">What its rows see.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="numbersPerPosition">Numbers of a position's keys, K · H.</param>
    /// <returns>Runs of equal length; every row of the step is in one of them.</returns>
    public static List<List<AttentionRun>> Cut(StepInputs step, VisibleRows visible, int blockSize, int numbersPerPosition)
    {
        var runs = new List<AttentionRun>();
        for (int b = 0; b < step.Sequences.Count; b++)
        {
            SequenceSlice slice = step.Sequences[b];
            int rowsAtOnce = (int)Math.Max(1, MaxMaskNumbers / slice.ContextLength);
            for (int first = 0; first < slice.NumTokens; first += rowsAtOnce)
                runs.Add(Run(b, slice.FirstRow + first, Math.Min(rowsAtOnce, slice.NumTokens - first), visible.Ranges, blockSize));
        }
        // Equal lengths side by side, and of those the shortest contexts first; the order of the step decides between equals.
        runs.Sort((x, y) => (x.NumRows, x.NumBlocks, x.FirstRow).CompareTo((y.NumRows, y.NumBlocks, y.FirstRow)));
        long maxBlocks = MaxGatheredNumbers / numbersPerPosition / blockSize;
        return Together(runs, maxBlocks);
    }

    private static List<List<AttentionRun>> Together(List<AttentionRun> runs, long maxBlocks)
    {
        var batches = new List<List<AttentionRun>>();
        long blocksOfBatch = 0;
        foreach (AttentionRun run in runs)
        {
            List<AttentionRun>? last = batches.Count > 0 ? batches[^1] : null;
            long padded = (last?.Count + 1 ?? 1) * (long)run.NumBlocks;
            bool fits = last is not null && last[0].NumRows == run.NumRows && padded <= maxBlocks && padded <= 2 * (blocksOfBatch + run.NumBlocks);
            if (!fits)
            {
                batches.Add(last = []);
                blocksOfBatch = 0;
            }
            last!.Add(run);
            blocksOfBatch += run.NumBlocks;
        }
        return batches;
    }

    private static AttentionRun Run(int sequence, int firstRow, int numRows, ReadOnlySpan<VisibleRange> ranges, int blockSize)
    {
        int first = int.MaxValue, end = 0;
        foreach (VisibleRange range in ranges.Slice(firstRow, numRows))
            (first, end) = (Math.Min(first, range.First), Math.Max(end, range.End));
        int firstBlock = first / blockSize;
        return new AttentionRun(sequence, firstRow, numRows, firstBlock, (end + blockSize - 1) / blockSize - firstBlock);
    }
}
