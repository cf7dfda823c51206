using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary>One lane: what is left of a row.</summary>
internal readonly unsafe struct Lanes1(float value) : ILanes<Lanes1>
{
    private readonly float _value = value;

    /// <summary>The number.</summary>
    public float Value => _value;

    public static int Count => 1;

    public static Lanes1 Create(float value) => new(value);

    public static Lanes1 Load(float* source) => new(*source);

    public void Store(float* target) => *target = _value;

    public static Lanes1 operator +(Lanes1 a, Lanes1 b) => new(a._value + b._value);

    public static Lanes1 operator -(Lanes1 a, Lanes1 b) => new(a._value - b._value);

    public static Lanes1 operator *(Lanes1 a, Lanes1 b) => new(a._value * b._value);

    public static Lanes1 operator /(Lanes1 a, Lanes1 b) => new(a._value / b._value);

    public static Lanes1 Fused(Lanes1 a, Lanes1 b, Lanes1 c) => new(MathF.FusedMultiplyAdd(a._value, b._value, c._value));

    public static Lanes1 Clamp(Lanes1 value, Lanes1 min, Lanes1 max) => new(MathF.Min(MathF.Max(value._value, min._value), max._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Scale(Lanes1 value, Lanes1 shifted)
    {
        int n = BitConverter.SingleToInt32Bits(shifted._value) - ExponentBits.Shift, half = n >> 1;
        return new(value._value * BitConverter.Int32BitsToSingle((half + ExponentBits.Bias) << 23)
            * BitConverter.Int32BitsToSingle((n - half + ExponentBits.Bias) << 23));
    }
}

/// <summary>Four lanes.</summary>
internal readonly unsafe struct Lanes4(Vector128<float> value) : ILanes<Lanes4>
{
    private readonly Vector128<float> _value = value;

    public static int Count => 4;

    public static Lanes4 Create(float value) => new(Vector128.Create(value));

    public static Lanes4 Load(float* source) => new(Vector128.Load(source));

    public void Store(float* target) => _value.Store(target);

    public static Lanes4 operator +(Lanes4 a, Lanes4 b) => new(a._value + b._value);

    public static Lanes4 operator -(Lanes4 a, Lanes4 b) => new(a._value - b._value);

    public static Lanes4 operator *(Lanes4 a, Lanes4 b) => new(a._value * b._value);

    public static Lanes4 operator /(Lanes4 a, Lanes4 b) => new(a._value / b._value);

    public static Lanes4 Fused(Lanes4 a, Lanes4 b, Lanes4 c) => new(Vector128.FusedMultiplyAdd(a._value, b._value, c._value));

    public static Lanes4 Clamp(Lanes4 value, Lanes4 min, Lanes4 max) => new(Vector128.Min(Vector128.Max(value._value, min._value), max._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Scale(Lanes4 value, Lanes4 shifted)
    {
        Vector128<int> n = shifted._value.AsInt32() - Vector128.Create(ExponentBits.Shift), half = n >> 1, bias = Vector128.Create(ExponentBits.Bias);
        return new(value._value * ((half + bias) << 23).AsSingle() * ((n - half + bias) << 23).AsSingle());
    }
}

/// <summary>Eight lanes.</summary>
internal readonly unsafe struct Lanes8(Vector256<float> value) : ILanes<Lanes8>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    public static Lanes8 Create(float value) => new(Vector256.Create(value));

    public static Lanes8 Load(float* source) => new(Vector256.Load(source));

    public void Store(float* target) => _value.Store(target);

    public static Lanes8 operator +(Lanes8 a, Lanes8 b) => new(a._value + b._value);

    public static Lanes8 operator -(Lanes8 a, Lanes8 b) => new(a._value - b._value);

    public static Lanes8 operator *(Lanes8 a, Lanes8 b) => new(a._value * b._value);

    public static Lanes8 operator /(Lanes8 a, Lanes8 b) => new(a._value / b._value);

    public static Lanes8 Fused(Lanes8 a, Lanes8 b, Lanes8 c) => new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));

    public static Lanes8 Clamp(Lanes8 value, Lanes8 min, Lanes8 max) => new(Vector256.Min(Vector256.Max(value._value, min._value), max._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Scale(Lanes8 value, Lanes8 shifted)
    {
        Vector256<int> n = shifted._value.AsInt32() - Vector256.Create(ExponentBits.Shift), half = n >> 1, bias = Vector256.Create(ExponentBits.Bias);
        return new(value._value * ((half + bias) << 23).AsSingle() * ((n - half + bias) << 23).AsSingle());
    }
}

/// <summary>Sixteen lanes.</summary>
internal readonly unsafe struct Lanes16(Vector512<float> value) : ILanes<Lanes16>
{
    private readonly Vector512<float> _value = value;

    public static int Count => 16;

    public static Lanes16 Create(float value) => new(Vector512.Create(value));

    public static Lanes16 Load(float* source) => new(Vector512.Load(source));

    public void Store(float* target) => _value.Store(target);

    public static Lanes16 operator +(Lanes16 a, Lanes16 b) => new(a._value + b._value);

    public static Lanes16 operator -(Lanes16 a, Lanes16 b) => new(a._value - b._value);

    public static Lanes16 operator *(Lanes16 a, Lanes16 b) => new(a._value * b._value);

    public static Lanes16 operator /(Lanes16 a, Lanes16 b) => new(a._value / b._value);

    public static Lanes16 Fused(Lanes16 a, Lanes16 b, Lanes16 c) => new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));

    public static Lanes16 Clamp(Lanes16 value, Lanes16 min, Lanes16 max) => new(Vector512.Min(Vector512.Max(value._value, min._value), max._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Scale(Lanes16 value, Lanes16 shifted)
    {
        Vector512<int> n = shifted._value.AsInt32() - Vector512.Create(ExponentBits.Shift), half = n >> 1, bias = Vector512.Create(ExponentBits.Bias);
        return new(value._value * ((half + bias) << 23).AsSingle() * ((n - half + bias) << 23).AsSingle());
    }
}

/// <summary>What <see cref="ILanes{TSelf}.Scale"/> knows of a float32's bits.</summary>
internal static class ExponentBits
{
    /// <summary>Bits of 1.5 · 2²³.</summary>
    public const int Shift = 0x4B400000;

    /// <summary>Exponent of 1.</summary>
    public const int Bias = 127;
}
