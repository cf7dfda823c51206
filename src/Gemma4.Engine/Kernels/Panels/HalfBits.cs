namespace Gemma4.Engine.Kernels.Panels;

/// <summary>How a finite float16 becomes a float32 without an instruction for it (.NET has none).</summary>
/// <remarks>
/// Sign-extended to 32 bits and moved left, mantissa and exponent lie where a float32 has them; copies of the sign are masked away; the
/// multiplication mends the bias of the exponent, and makes normal numbers of subnormal ones. All of it is exact.
/// </remarks>
internal static class HalfBits
{
    /// <summary>From the mantissa of a float16 to that of a float32.</summary>
    public const int Shift = 13;

    /// <summary>Sign, mantissa and the lower five bits of the exponent.</summary>
    public const int Mask = unchecked((int)0x8FFFFFFF);

    /// <summary>2¹¹²: a float32's exponents begin so much lower.</summary>
    public const float Scale = 5.192296858534828e33f;
}
