using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Eight rows of a panel, with AVX2; with AVX-VNNI where there is that, whose sums need no widening.</summary>
internal readonly unsafe struct PanelLanes256 : IPanelLanes<Vector256<byte>>
{
    /// <summary>Whether this processor has what is used here.</summary>
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    public static int Rows => 8;

    public static bool SumsAreShort => !AvxVnni.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Create(byte value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> CreateSingle(float value) => Vector256.Create(value).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> CreateTable(ReadOnlySpan<byte> table) => Vector256.Create(Vector128.Create(table), Vector128.Create(table));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> And(Vector256<byte> a, Vector256<byte> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Or(Vector256<byte> a, Vector256<byte> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftRight(Vector256<byte> a, int count) => (a.AsUInt16() >> count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftLeft(Vector256<byte> a, int count) => (a.AsUInt16() << count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Lookup(Vector256<byte> table, Vector256<byte> indices) => Avx2.Shuffle(table, indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Multiply(Vector256<byte> codes, byte* activations) => AvxVnni.IsSupported
        ? MultiplyAdd(default, codes, activations)
        : Avx2.MultiplyAddAdjacent(codes, Vector256.Create(*(int*)activations).AsSByte()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> MultiplyAdd(Vector256<byte> sum, Vector256<byte> codes, byte* activations) => AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(sum.AsInt32(), codes, Vector256.Create(*(int*)activations).AsSByte()).AsByte()
        : (sum.AsInt16() + Avx2.MultiplyAddAdjacent(codes, Vector256.Create(*(int*)activations).AsSByte())).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Widen(Vector256<byte> sum) => AvxVnni.IsSupported ? sum : Avx2.MultiplyAddAdjacent(sum.AsInt16(), Vector256<short>.One).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> AddInt32(Vector256<byte> a, Vector256<byte> b) => (a.AsInt32() + b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> SubtractInt32(Vector256<byte> a, Vector256<byte> b) => (a.AsInt32() - b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ScaleInt32(Vector256<byte> a, int count) =>
        (count < 0 ? a.AsInt32() >> -count : a.AsInt32() << count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Broadcast32(byte* source) => Vector256.Create(*(int*)source).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ToSingle(Vector256<byte> a) => Vector256.ConvertToSingle(a.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LoadHalf(byte* source)
    {
        Vector256<int> wide = Avx2.ConvertToVector256Int32((short*)source);
        return (((wide << HalfBits.Shift) & Vector256.Create(HalfBits.Mask)).AsSingle() * Vector256.Create(HalfBits.Scale)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LoadBFloat(byte* source) => (Avx2.ConvertToVector256Int32((short*)source) << 16).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LoadByte(byte* source, int shift, int mask) =>
        Vector256.ConvertToSingle((Avx2.ConvertToVector256Int32(source) >> shift) & Vector256.Create(mask)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LoadSByte(byte* source) =>
        Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32((sbyte*)source)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Multiply(Vector256<byte> a, Vector256<byte> b) => (a.AsSingle() * b.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Fused(Vector256<byte> a, Vector256<byte> b, Vector256<byte> c) =>
        Vector256.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FusedNegated(Vector256<byte> a, Vector256<byte> b, Vector256<byte> c) =>
        Vector256.FusedMultiplyAdd(-a.AsSingle(), b.AsSingle(), c.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<byte> a, float* target) => a.AsSingle().Store(target);
}
