namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Hands out room for weights from a few large pieces of memory, so that no weight begins or ends in a huge page that is not whole.</summary>
/// <remarks>A weight of its own mapping of 5 MB would have a fifth of its bytes in small pages. One thread at a time.</remarks>
internal sealed unsafe class HugeArena : IDisposable
{
    /// <summary>Bytes of a piece; what is not handed out is not touched and takes no memory.</summary>
    private const long PieceBytes = 256L << 20;

    private readonly List<HugeMemory> _pieces = [];
    private byte* _next;
    private long _left;

    /// <summary>Takes zeroed room at a multiple of 64; it is given back with the arena.</summary>
    /// <exception cref="OutOfMemoryException">The system has not got it.</exception>
    public byte* Take(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        bytes = (bytes + PanelLayout.LineBytes - 1) / PanelLayout.LineBytes * PanelLayout.LineBytes;
        if (bytes > _left)
        {
            var piece = new HugeMemory(Math.Max(bytes, PieceBytes));
            _pieces.Add(piece);
            if (bytes >= PieceBytes)
                return piece.Address;       // a piece of its own; the one before may still have room
            _next = piece.Address;
            _left = PieceBytes;
        }
        byte* taken = _next;
        _next += bytes;
        _left -= bytes;
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (HugeMemory piece in _pieces)
            piece.Dispose();
        _pieces.Clear();
        _left = 0;
    }
}
