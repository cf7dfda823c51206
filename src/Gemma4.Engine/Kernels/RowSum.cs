namespace Gemma4.Engine.Kernels;

/// <summary>The sum of a row in double, in one order whatever the processor and wherever the row lies.</summary>
/// <remarks>Element i goes to sum <c>i mod 8</c>: eight sums hide the latency of an addition. Library sums begin where memory is aligned, so
/// their order depends on the address.</remarks>
internal static class RowSum
{
    /// <summary>Adds.</summary>
    public static double Run(ReadOnlySpan<float> x)
    {
        double s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
        for (; x.Length >= 8; x = x[8..])
        {
            s0 += x[0];
            s1 += x[1];
            s2 += x[2];
            s3 += x[3];
            s4 += x[4];
            s5 += x[5];
            s6 += x[6];
            s7 += x[7];
        }
        double sum = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
        foreach (float value in x)
            sum += value;
        return sum;
    }
}
