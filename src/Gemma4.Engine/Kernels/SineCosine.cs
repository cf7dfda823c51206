namespace Gemma4.Engine.Kernels;

/// <summary>Sine and cosine of the angles of rotary embeddings, rounded from double: the same bits on every processor.</summary>
/// <remarks>
/// The angle is brought to |r| ≤ π/4 by subtracting quarter turns, π/2 in two parts (Cody and Waite 1980), and the Taylor polynomials of
/// degree 15 and 16 follow; what they leave out is below 10⁻¹⁶. Nothing but additions and multiplications of doubles, each rounded once.
/// </remarks>
internal static class SineCosine
{
    private const double HalfPi = 1.5707963267341256;            // the upper 33 bits of π/2: its product with 20 bits is exact
    private const double HalfPiRest = 6.077100506506192e-11;

    /// <summary>The definition.</summary>
    public static (float Sin, float Cos) Reference(float angle) => ((float)Math.Sin(angle), (float)Math.Cos(angle));

    /// <summary>Both of one angle.</summary>
    /// <param name="angle">Radians: to half a unit in the last place up to 2²⁰, to 10⁻⁹ up to 2²³.</param>
    public static (float Sin, float Cos) Of(float angle)
    {
        double turns = Math.Round(angle * (2 / Math.PI));
        double r = angle - turns * HalfPi - turns * HalfPiRest, z = r * r;
        double sin = r + r * z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880 + z * (-1.0 / 39916800 + z * (1.0 / 6227020800
            + z * (-1.0 / 1307674368000)))))));
        double cos = 1 + z * (-1.0 / 2 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800 + z * (1.0 / 479001600
            + z * (-1.0 / 87178291200 + z * (1.0 / 20922789888000))))))));
        return ((int)(long)turns & 3) switch
        {
            0 => ((float)sin, (float)cos),
            1 => ((float)cos, (float)-sin),
            2 => ((float)-sin, (float)-cos),
            _ => ((float)-cos, (float)sin),
        };
    }
}
