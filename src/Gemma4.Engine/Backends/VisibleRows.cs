namespace Gemma4.Engine.Backends;

/// <summary>What each row of a step sees in one KV group. Memory is taken once and filled anew for every step.</summary>
/// <param name="group">The group.</param>
internal sealed class VisibleRows(KvGroupView group)
{
    private VisibleRange[] _ranges = [];
    private int _numRows;

    /// <summary>One entry a row.</summary>
    public ReadOnlySpan<VisibleRange> Ranges => _ranges.AsSpan(0, _numRows);

    /// <summary>The largest S of the step's sequences.</summary>
    public int LongestContext { get; private set; }

    /// <summary>Pairs of row and position that see each other.</summary>
    public long NumVisible { get; private set; }

    /// <summary>Reads a step.</summary>
    public void Fill(StepInputs step)
    {
        _numRows = step.NumTokens;
        LongestContext = 0;
        NumVisible = 0;
        if (_ranges.Length < _numRows)
            _ranges = new VisibleRange[Math.Max(_numRows, 2 * _ranges.Length)];
        foreach (SequenceSlice slice in step.Sequences)
        {
            LongestContext = Math.Max(LongestContext, slice.ContextLength);
            for (int i = 0; i < slice.NumTokens; i++)
            {
                int position = slice.FirstPosition + i, first = group.Window is { } window ? Math.Max(0, position - window + 1) : 0;
                _ranges[slice.FirstRow + i] = new VisibleRange(first, position + 1);
            }
        }
        if (group.BidirectionalMedia)
        {
            foreach (MediaSpan span in step.MediaSpans)
                OpenSpan(span, step.Sequences[span.SequenceIndex]);
        }
        foreach (VisibleRange range in Ranges)
            NumVisible += range.End - range.First;
    }

    /// <summary>Lets the rows of a span see up to its end.</summary>
    private void OpenSpan(MediaSpan span, SequenceSlice slice)
    {
        int end = Math.Min(span.FirstPosition + span.NumTokens, slice.ContextLength);
        for (int p = Math.Max(span.FirstPosition, slice.FirstPosition); p < end; p++)
        {
            ref VisibleRange range = ref _ranges[slice.FirstRow + p - slice.FirstPosition];
            range = range with { End = end };
        }
    }
}

/// <summary>What one row sees: positions <c>First .. End - 1</c> of its sequence.</summary>
/// <param name="First">First visible position.</param>
/// <param name="End">One past the last visible position.</param>
internal readonly record struct VisibleRange(int First, int End);
