using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Kernels;

/// <summary>How a number lies in memory; arithmetic is always float32.</summary>
/// <typeparam name="T">Its storage.</typeparam>
internal unsafe interface IStoredFloat<T>
    where T : unmanaged
{
    /// <summary>Loads eight neighbours, widened; lane i holds <c>source[i]</c>.</summary>
    static abstract Vector256<float> Load(T* source);

    /// <summary>Widens one.</summary>
    static abstract float ToSingle(T value);

    /// <summary>Rounds one to nearest, ties to even.</summary>
    static abstract T FromSingle(float value);
}

/// <summary>IEEE float32.</summary>
internal readonly unsafe struct Float32 : IStoredFloat<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    public static float ToSingle(float value) => value;

    public static float FromSingle(float value) => value;
}

/// <summary>bfloat16: the upper half of a float32.</summary>
internal readonly unsafe struct BFloat16 : IStoredFloat<ushort>
{
    /// <remarks>Eight 16-bit lanes are widened to 32 bits and moved to the upper half; the lower half of a widened number is zero.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ushort* source)
    {
        if (Avx2.IsSupported)
            return (Avx2.ConvertToVector256Int32(source) << 16).AsSingle();
        Vector128<ushort> halves = Vector128.Load(source);
        Vector256<uint> wide = Vector256.Create(Vector128.WidenLower(halves), Vector128.WidenUpper(halves));
        return (wide << 16).AsSingle();
    }

    public static float ToSingle(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    public static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
            return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}

/// <summary>IEEE half precision.</summary>
internal readonly unsafe struct Float16 : IStoredFloat<ushort>
{
    /// <summary>2¹¹², by which the moved exponent is too small.</summary>
    private const float ExponentShift = 5.192296858534828e33f;

    /// <remarks>.NET has no instruction for it: the sign is extended, the other bits move to where float32 has them, and a product mends
    /// the exponent, subnormals included. Infinities become 2¹⁶, which no weight may hold.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ushort* source)
    {
        Vector128<short> halves = Vector128.Load((short*)source);
        Vector256<int> wide = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(halves)
            : Vector256.Create(Vector128.WidenLower(halves), Vector128.WidenUpper(halves));
        return ((wide << 13) & Vector256.Create(unchecked((int)0x8FFFFFFF))).AsSingle() * ExponentShift;
    }

    public static float ToSingle(ushort value) => (float)BitConverter.UInt16BitsToHalf(value);

    public static ushort FromSingle(float value) => BitConverter.HalfToUInt16Bits((Half)value);
}
