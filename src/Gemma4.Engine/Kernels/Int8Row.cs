using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary>A row as signed bytes with one scale: <c>x ≈ scale · q</c>, |q| ≤ 127.</summary>
internal static unsafe class Int8Row
{
    /// <summary>Rounds a row, halves to even.</summary>
    /// <returns>The scale; 0 for a row of zeros.</returns>
    public static float Quantise(float* x, sbyte* q, int n)
    {
        float largest = 0;
        for (int i = 0; i < n; i++)
            largest = MathF.Max(largest, MathF.Abs(x[i]));
        float scale = largest / 127, inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < n; i++)
            q[i] = (sbyte)MathF.Round(x[i] * inverse);
        return scale;
    }

    /// <summary>The numbers again.</summary>
    public static void Widen(sbyte* q, float scale, float* x, int n)
    {
        int i = 0;
        Vector256<float> scales = Vector256.Create(scale);
        for (; i + 8 <= n; i += 8)
        {
            Vector128<short> shorts = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)(q + i)).AsSByte());
            Vector256<int> wide = Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts));
            (Vector256.ConvertToSingle(wide) * scales).Store(x + i);
        }
        for (; i < n; i++)
            x[i] = q[i] * scale;
    }
}
