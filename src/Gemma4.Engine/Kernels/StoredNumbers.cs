namespace Gemma4.Engine.Kernels;

/// <summary>Widens numbers to float32, whatever they are stored in.</summary>
internal static unsafe class StoredNumbers
{
    /// <summary>Widens neighbours; every stored number has exactly one float32.</summary>
    /// <param name="format">How they lie.</param>
    /// <param name="source">First byte of the first; may be unaligned.</param>
    /// <param name="target">Receives <paramref name="count"/> numbers.</param>
    /// <param name="count">How many: whole blocks of the format.</param>
    public static void Widen(WeightFormat format, byte* source, float* target, int count)
    {
        switch (format)
        {
            case WeightFormat.Float32:
                new ReadOnlySpan<byte>(source, count * sizeof(float)).CopyTo(new Span<byte>(target, count * sizeof(float)));
                break;
            case WeightFormat.BFloat16:
                Widen<BFloat16>((ushort*)source, target, count);
                break;
            case WeightFormat.Float16:
                Widen<Float16>((ushort*)source, target, count);
                break;
            default:
                throw new NotSupportedException($"{format} is not widened here.");
        }
    }

    private static void Widen<TFloat>(ushort* source, float* target, int count)
        where TFloat : IStoredFloat<ushort>
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
            System.Runtime.Intrinsics.Vector256.Store(TFloat.Load(source + i), target + i);
        for (; i < count; i++)
            target[i] = TFloat.ToSingle(source[i]);
    }
}
