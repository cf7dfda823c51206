namespace Gemma4.Engine.Scheduling;

/// <summary>The masks of the positions behind a sequence's drafted tokens. Memory is taken as drafts come, and kept.</summary>
internal sealed class DraftMasks
{
    private readonly List<uint[]> _buffers = [];
    private readonly List<bool> _isMasked = [];

    /// <summary>The mask behind a draft; empty allows all.</summary>
    /// <param name="draft">Which, from 0.</param>
    public ReadOnlySpan<uint> this[int draft] => _isMasked[draft] ? _buffers[draft] : [];

    /// <summary>Where the mask behind a draft is written.</summary>
    /// <param name="draft">Which; those before it were written already.</param>
    /// <param name="numWords"><c>ceil(V / 32)</c>.</param>
    public Span<uint> BufferOf(int draft, int numWords)
    {
        if (draft == _buffers.Count)
        {
            _buffers.Add(new uint[numWords]);
            _isMasked.Add(false);
        }
        return _buffers[draft];
    }

    /// <summary>Says whether what was written counts.</summary>
    /// <param name="draft">Which.</param>
    /// <param name="isMasked">False where every token is allowed.</param>
    public void Set(int draft, bool isMasked) => _isMasked[draft] = isMasked;
}
