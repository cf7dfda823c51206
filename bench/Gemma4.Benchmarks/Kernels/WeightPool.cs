using System.Runtime.Intrinsics;
using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Benchmarks.Kernels;

/// <summary>Copies of one weight, more than any cache holds, of which each run takes the next: so that weights come from memory, as in a model.</summary>
internal sealed unsafe class WeightPool : IDisposable
{
    private const long Bytes = 320 << 20;

    private readonly HugeMemory _memory = new(Bytes);
    private readonly int _count;

    /// <param name="weightBytes">Bytes of the weight, a multiple of 64.</param>
    /// <param name="fill">Writes the first copy.</param>
    public WeightPool(long weightBytes, Action<nint> fill)
    {
        WeightBytes = weightBytes;
        _count = (int)(Bytes / weightBytes);
        fill((nint)_memory.Address);
        for (int i = 1; i < _count; i++)
            Buffer.MemoryCopy(_memory.Address, At(i), weightBytes, weightBytes);
    }

    /// <summary>Bytes of a copy.</summary>
    public long WeightBytes { get; }

    /// <summary>The copy of a round.</summary>
    public byte* At(int round) => _memory.Address + round % _count * WeightBytes;

    /// <summary>Reads a thread's part of the copy of a round and does nothing else: what memory gives.</summary>
    public void Read(int part, int parts, int round)
    {
        const int Step = 8 * 32;
        long share = WeightBytes / parts / Step * Step;
        byte* at = At(round) + part * share, end = at + share;
        Vector256<byte> all = default;
        for (; at < end; at += Step)
        {
            all |= Vector256.Load(at) | Vector256.Load(at + 32) | Vector256.Load(at + 64) | Vector256.Load(at + 96);
            all |= Vector256.Load(at + 128) | Vector256.Load(at + 160) | Vector256.Load(at + 192) | Vector256.Load(at + 224);
        }
        GC.KeepAlive(Vector256.Sum(all));
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
