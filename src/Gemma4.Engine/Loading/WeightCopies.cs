using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;
using Gemma4.Engine.Loading.CompressedTensors;

namespace Gemma4.Engine.Loading;

/// <summary>Copies of weights that do not lie in their files as they were published.</summary>
internal static unsafe class WeightCopies
{
    /// <summary>The first byte of a slice of a mapped file.</summary>
    public delegate byte* Address(FileSlice slice);

    /// <summary>Makes a copy in the published order.</summary>
    /// <param name="weight">Where it is.</param>
    /// <param name="at">Maps its files.</param>
    /// <param name="backend">Whose threads share the work.</param>
    /// <returns>How the copy is stored; the caller owns its memory.</returns>
    public static (WeightFormat Format, HostMemory Memory) Make(LocatedWeight weight, Address at, Backend backend) => weight.Change switch
    {
        WeightChange.None => (weight.Format, Join(weight, at)),
        WeightChange.PackedInt4 => (WeightFormat.Q4_0, Repack(weight, at, backend)),
        _ => (WeightFormat.Float32, Undo(weight, at)),
    };

    private static HostMemory Join(LocatedWeight weight, Address at)
    {
        var memory = new HostMemory(weight.Length);
        byte* target = memory.Data;
        foreach (FileSlice slice in weight.Slices)
        {
            Buffer.MemoryCopy(at(slice), target, slice.Length, slice.Length);
            target += slice.Length;
        }
        return memory;
    }

    private static HostMemory Undo(LocatedWeight weight, Address at)
    {
        FileSlice slice = weight.Slices[0];
        int count = checked((int)(slice.Length / weight.Format.BlockBytes * weight.Format.BlockLength));
        var memory = new HostMemory((long)count * sizeof(float));
        var values = new Span<float>(memory.Data, count);
        WeightDecoder.Decode(weight.Format, new ReadOnlySpan<byte>(at(slice), checked((int)slice.Length)), values);
        WeightChanges.Undo(weight.Change, values, weight.Shape.AsSpan());
        return memory;
    }

    private static HostMemory Repack(LocatedWeight weight, Address at, Backend backend)
    {
        int rows = checked((int)weight.Shape[0]);
        var memory = new HostMemory(rows * WeightFormat.Q4_0.RowBytes(weight.Shape[1]));
        backend.ShareOut(rows, new Repacking(at(weight.Slices[0]), at(weight.Slices[1]), weight, memory.Data));
        return memory;
    }

    /// <summary>A part is a row.</summary>
    private sealed class Repacking(byte* levels, byte* scales, LocatedWeight weight, byte* blocks) : IParts
    {
        private readonly int _levelBytes = checked((int)(weight.Slices[0].Length / weight.Shape[0]));
        private readonly int _scaleBytes = checked((int)(weight.Slices[1].Length / weight.Shape[0]));
        private readonly int _blockBytes = checked((int)WeightFormat.Q4_0.RowBytes(weight.Shape[1]));

        public void Run(int part, int worker)
        {
            int blocksPerScale = checked((int)weight.Shape[1]) / PackedInt4.BlockLength / (_scaleBytes / sizeof(ushort));
            PackedInt4.Repack(
                new ReadOnlySpan<byte>(levels + (long)part * _levelBytes, _levelBytes),
                new ReadOnlySpan<byte>(scales + (long)part * _scaleBytes, _scaleBytes),
                blocksPerScale,
                new Span<byte>(blocks + (long)part * _blockBytes, _blockBytes));
        }
    }
}
