namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Memory that is taken anew when more is wanted than there is; what it held is lost then.</summary>
internal sealed unsafe class GrowingMemory : IDisposable
{
    private HostMemory? _memory;

    /// <summary>The first byte; null before anything was reserved.</summary>
    public byte* Data => _memory is null ? null : _memory.Data;

    /// <summary>Makes room.</summary>
    /// <param name="bytes">How many are wanted now.</param>
    /// <returns>The first byte; valid until the next call.</returns>
    public byte* Reserve(long bytes)
    {
        if (_memory is null || _memory.Length < bytes)
        {
            // Twice as much as before: pages that are not written take no memory.
            long length = Math.Max(bytes, 2 * (_memory?.Length ?? 0));
            _memory?.Dispose();
            _memory = new HostMemory(length);
        }
        return _memory.Data;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory?.Dispose();
}
