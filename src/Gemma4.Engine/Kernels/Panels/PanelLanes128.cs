using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Four rows of a panel, on any processor.</summary>
internal readonly unsafe struct PanelLanes128 : IPanelLanes<Vector128<byte>>
{
    public static int Rows => 4;

    public static bool SumsAreShort => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load(byte* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Create(byte value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> CreateSingle(float value) => Vector128.Create(value).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> CreateTable(ReadOnlySpan<byte> table) => Vector128.Create(table);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> And(Vector128<byte> a, Vector128<byte> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Or(Vector128<byte> a, Vector128<byte> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ShiftRight(Vector128<byte> a, int count) => (a.AsUInt16() >> count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ShiftLeft(Vector128<byte> a, int count) => (a.AsUInt16() << count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Lookup(Vector128<byte> table, Vector128<byte> indices) => Vector128.Shuffle(table, indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> codes, byte* activations) => MultiplyAdd(default, codes, activations);

    /// <remarks>Bytes at even places are widened to 16 bits with their neighbours cleared, those at odd places are moved down.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> MultiplyAdd(Vector128<byte> sum, Vector128<byte> codes, byte* activations)
    {
        Vector128<short> a = Vector128.Create(*(int*)activations).AsInt16();
        Vector128<int> even = MultiplyAddPairs(codes.AsInt16() & Vector128.Create((short)0xFF), (a << 8) >> 8);
        Vector128<int> odd = MultiplyAddPairs((codes.AsUInt16() >> 8).AsInt16(), a >> 8);
        return (sum.AsInt32() + even + odd).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Widen(Vector128<byte> sum) => sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> AddInt32(Vector128<byte> a, Vector128<byte> b) => (a.AsInt32() + b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> SubtractInt32(Vector128<byte> a, Vector128<byte> b) => (a.AsInt32() - b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ScaleInt32(Vector128<byte> a, int count) =>
        (count < 0 ? a.AsInt32() >> -count : a.AsInt32() << count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Broadcast32(byte* source) => Vector128.Create(*(int*)source).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ToSingle(Vector128<byte> a) => Vector128.ConvertToSingle(a.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LoadHalf(byte* source)
    {
        Vector128<int> wide = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsInt16());
        return (((wide << HalfBits.Shift) & Vector128.Create(HalfBits.Mask)).AsSingle() * Vector128.Create(HalfBits.Scale)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LoadBFloat(byte* source) =>
        (Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsInt16()) << 16).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LoadByte(byte* source, int shift, int mask)
    {
        Vector128<uint> wide = Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsByte()));
        return Vector128.ConvertToSingle((wide.AsInt32() >> shift) & Vector128.Create(mask)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LoadSByte(byte* source) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte()))).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> a, Vector128<byte> b) => (a.AsSingle() * b.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Fused(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) =>
        Vector128.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> FusedNegated(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) =>
        Vector128.FusedMultiplyAdd(-a.AsSingle(), b.AsSingle(), c.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<byte> a, float* target) => a.AsSingle().Store(target);

    /// <summary>Neighbouring products of 16 bits, summed in 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> MultiplyAddPairs(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported)
            return Sse2.MultiplyAddAdjacent(a, b);
        Vector128<int> products = (a * b).AsInt32();      // each fits 16 bits: at most 255 · 127
        return ((products << 16) >> 16) + (products >> 16);
    }
}
