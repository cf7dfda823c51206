using System.Runtime.InteropServices;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Zeroed memory outside the collector's, aligned for vectors. A page takes memory once it is written.</summary>
internal sealed unsafe class HostMemory : IDisposable
{
    private const int Alignment = 64;
    private void* _allocated;

    /// <param name="bytes">How many.</param>
    public HostMemory(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        // calloc takes large blocks from the system, which are zero without being touched; aligned allocation would have to clear them.
        _allocated = NativeMemory.AllocZeroed((nuint)(bytes + Alignment));
        Data = (byte*)(((nint)_allocated + Alignment - 1) & -Alignment);
        Length = bytes;
    }

    /// <summary>The first byte; valid until disposal.</summary>
    public byte* Data { get; private set; }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_allocated);
        _allocated = null;
        Data = null;
    }
}
