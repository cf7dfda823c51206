using System.Runtime.InteropServices;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Kernels;

namespace Gemma4.GpuCheck;

/// <summary>Weights of any shape without a file: seeded noise of a trained matrix's size in bfloat16, vectors of ones. All matrices are the same memory.</summary>
internal sealed unsafe class NoiseWeights : WeightStore
{
    private const int PatternNumbers = 1 << 22;
    private const ushort One = 0x3F80;

    /// <summary>Largest matrix, in numbers: 262,144 tokens of 8,192.</summary>
    private const long MaxNumbers = 1L << 31;

    private readonly ushort* _noise = (ushort*)NativeMemory.Alloc((nuint)MaxNumbers, sizeof(ushort));      // touched as far as it is asked for
    private readonly ushort* _ones = (ushort*)NativeMemory.Alloc(1 << 20, sizeof(ushort));
    private long _filled;

    public NoiseWeights()
    {
        new Span<ushort>(_ones, 1 << 20).Fill(One);
        var random = new Random(1);
        for (int i = 0; i < PatternNumbers; i++)
            _noise[i] = (ushort)(BitConverter.SingleToUInt32Bits((float)(random.NextDouble() - 0.5) * 0.06f) >> 16);
        _filled = PatternNumbers;
    }

    /// <summary>Bytes of all weights that were taken.</summary>
    public long TakenBytes { get; private set; }

    public override StoredWeight Take(string name, ReadOnlySpan<long> shape)
    {
        var weight = new StoredWeight(name, WeightFormat.BFloat16, [.. shape], (byte*)(shape.Length < 2 ? _ones : _noise));
        TakenBytes += 2 * weight.NumElements;
        if (shape.Length >= 2)
            Fill(weight.NumElements);
        return weight;
    }

    public override StoredRows TakeRows(string name, int rows, int width) => new NoiseRows(name, rows, width, _noise);

    public override void Dispose()
    {
        NativeMemory.Free(_noise);
        NativeMemory.Free(_ones);
    }

    private void Fill(long numbers)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(numbers, MaxNumbers);
        for (; _filled < numbers; _filled += PatternNumbers)
            new ReadOnlySpan<ushort>(_noise, PatternNumbers).CopyTo(new Span<ushort>(_noise + _filled, (int)Math.Min(PatternNumbers, MaxNumbers - _filled)));
    }

    private sealed class NoiseRows(string name, int rows, int width, ushort* noise) : StoredRows(name, WeightFormat.BFloat16, rows, width)
    {
        public override void Read(int row, Span<byte> bytes) =>
            new ReadOnlySpan<byte>((byte*)(noise + (row * 7919L) % (PatternNumbers - Width)), bytes.Length).CopyTo(bytes);
    }
}
