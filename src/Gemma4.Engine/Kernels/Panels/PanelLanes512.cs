using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>All 16 rows of a panel at once, with AVX-512 for bytes and words.</summary>
internal readonly unsafe struct PanelLanes512 : IPanelLanes<Vector512<byte>>
{
    /// <summary>Whether this processor has what is used here.</summary>
    public static bool IsSupported => Avx512BW.IsSupported;

    public static int Rows => 16;

    public static bool SumsAreShort => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(byte* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Create(byte value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> CreateSingle(float value) => Vector512.Create(value).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> CreateTable(ReadOnlySpan<byte> table)
    {
        Vector256<byte> two = Vector256.Create(Vector128.Create(table), Vector128.Create(table));
        return Vector512.Create(two, two);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> And(Vector512<byte> a, Vector512<byte> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Or(Vector512<byte> a, Vector512<byte> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> ShiftRight(Vector512<byte> a, int count) => (a.AsUInt16() >> count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> ShiftLeft(Vector512<byte> a, int count) => (a.AsUInt16() << count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lookup(Vector512<byte> table, Vector512<byte> indices) => Avx512BW.Shuffle(table, indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Multiply(Vector512<byte> codes, byte* activations) =>
        Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(*(int*)activations).AsSByte()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> MultiplyAdd(Vector512<byte> sum, Vector512<byte> codes, byte* activations) =>
        (sum.AsInt16() + Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(*(int*)activations).AsSByte())).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Widen(Vector512<byte> sum) => Avx512BW.MultiplyAddAdjacent(sum.AsInt16(), Vector512<short>.One).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> AddInt32(Vector512<byte> a, Vector512<byte> b) => (a.AsInt32() + b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> SubtractInt32(Vector512<byte> a, Vector512<byte> b) => (a.AsInt32() - b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> ScaleInt32(Vector512<byte> a, int count) =>
        (count < 0 ? a.AsInt32() >> -count : a.AsInt32() << count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Broadcast32(byte* source) => Vector512.Create(*(int*)source).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> ToSingle(Vector512<byte> a) => Vector512.ConvertToSingle(a.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> LoadHalf(byte* source)
    {
        Vector512<int> wide = Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source));
        return (((wide << HalfBits.Shift) & Vector512.Create(HalfBits.Mask)).AsSingle() * Vector512.Create(HalfBits.Scale)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> LoadBFloat(byte* source) => (Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << 16).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> LoadByte(byte* source, int shift, int mask) =>
        Vector512.ConvertToSingle((Avx512F.ConvertToVector512Int32(Vector128.Load(source)) >> shift) & Vector512.Create(mask)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> LoadSByte(byte* source) =>
        Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source))).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Multiply(Vector512<byte> a, Vector512<byte> b) => (a.AsSingle() * b.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Fused(Vector512<byte> a, Vector512<byte> b, Vector512<byte> c) =>
        Vector512.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> FusedNegated(Vector512<byte> a, Vector512<byte> b, Vector512<byte> c) =>
        Vector512.FusedMultiplyAdd(-a.AsSingle(), b.AsSingle(), c.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<byte> a, float* target) => a.AsSingle().Store(target);
}
