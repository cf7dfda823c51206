using System.Runtime.InteropServices;

namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>Stored numbers to float32, for every <see cref="WeightFormat"/>.</summary>
internal static class WeightDecoder
{
    /// <summary>Decodes whole blocks.</summary>
    /// <param name="format">How they are stored.</param>
    /// <param name="blocks">Their bytes.</param>
    /// <param name="values">As many numbers as they hold.</param>
    /// <exception cref="ArgumentException">The lengths do not belong together.</exception>
    public static void Decode(WeightFormat format, ReadOnlySpan<byte> blocks, Span<float> values) => Choose(format).Decode(blocks, values);

    /// <summary>Index of the first block that holds a number that is infinite or none; −1 where all are finite.</summary>
    /// <param name="format">How they are stored.</param>
    /// <param name="blocks">Bytes of whole blocks.</param>
    public static int FirstNonFinite(WeightFormat format, ReadOnlySpan<byte> blocks) => Choose(format).FirstNonFinite(blocks);

    private static Row Choose(WeightFormat format) => format switch
    {
        WeightFormat.Float32 => Float32Row.Instance,
        WeightFormat.Float16 => Row<Float16Block>.Instance,
        WeightFormat.BFloat16 => WideningRow.Instance,
        WeightFormat.Q4_0 => Row<Q4_0Block>.Instance,
        WeightFormat.Q4_1 => Row<Q4_1Block>.Instance,
        WeightFormat.Q5_0 => Row<Q5_0Block>.Instance,
        WeightFormat.Q5_1 => Row<Q5_1Block>.Instance,
        WeightFormat.Q8_0 => Row<Q8_0Block>.Instance,
        WeightFormat.Q2_K => Row<Q2_KBlock>.Instance,
        WeightFormat.Q3_K => Row<Q3_KBlock>.Instance,
        WeightFormat.Q4_K => Row<Q4_KBlock>.Instance,
        WeightFormat.Q5_K => Row<Q5_KBlock>.Instance,
        WeightFormat.Q6_K => Row<Q6_KBlock>.Instance,
        WeightFormat.IQ4_NL => Row<IQ4_NLBlock>.Instance,
        WeightFormat.MXFP4 => Row<MXFP4Block>.Instance,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "An unknown format."),
    };

    private abstract class Row
    {
        public abstract void Decode(ReadOnlySpan<byte> blocks, Span<float> values);

        public abstract int FirstNonFinite(ReadOnlySpan<byte> blocks);
    }

    /// <summary>The loop over blocks, compiled for each format.</summary>
    private class Row<TBlock> : Row
        where TBlock : struct, IWeightBlock
    {
        public static readonly Row<TBlock> Instance = new();

        public sealed override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
        {
            if (blocks.Length % TBlock.Bytes != 0 || blocks.Length / TBlock.Bytes * (long)TBlock.Length != values.Length)
                throw new ArgumentException($"{blocks.Length} bytes in blocks of {TBlock.Bytes} do not hold {values.Length} numbers.", nameof(values));
            DecodeAll(blocks, values);
        }

        protected virtual void DecodeAll(ReadOnlySpan<byte> blocks, Span<float> values)
        {
            for (; blocks.Length > 0; blocks = blocks[TBlock.Bytes..], values = values[TBlock.Length..])
                TBlock.Decode(blocks[..TBlock.Bytes], values[..TBlock.Length]);
        }

        public override int FirstNonFinite(ReadOnlySpan<byte> blocks)
        {
            for (int i = 0; blocks.Length > 0; i++, blocks = blocks[TBlock.Bytes..])
            {
                if (!TBlock.IsFinite(blocks[..TBlock.Bytes]))
                    return i;
            }
            return -1;
        }
    }

    /// <summary>Numbers that are copied as they are.</summary>
    private sealed class Float32Row : Row<Float32Block>
    {
        public static new readonly Float32Row Instance = new();

        protected override void DecodeAll(ReadOnlySpan<byte> blocks, Span<float> values) => blocks.CopyTo(MemoryMarshal.AsBytes(values));
    }

    /// <summary>bfloat16, eight numbers at a time.</summary>
    private sealed unsafe class WideningRow : Row<BFloat16Block>
    {
        public static new readonly WideningRow Instance = new();

        protected override void DecodeAll(ReadOnlySpan<byte> blocks, Span<float> values)
        {
            fixed (byte* from = blocks)
            fixed (float* to = values)
                BFloat16Row.Widen((ushort*)from, to, values.Length);
        }
    }
}
